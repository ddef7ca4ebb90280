import { lookUp } from './sources';
import { ALL, SECRETS, type Environment } from './schema';

/** One setting as it is in force. */
export interface Setting {
  readonly name: string;
  /** Null when it is not set and has no default, and always for a secret. */
  readonly value: string | null;
  readonly secret: boolean;
  readonly origin: string;
}

/** Every setting with where it comes from; of a secret only that it is set. CONFIG_INVALID when a file cannot be read. */
export function describeSettings(env: Environment = process.env): readonly Setting[] {
  return Object.entries(ALL).map(([name, schema]) => {
    const secret = SECRETS.has(name);
    const found = lookUp(name, env);
    if (found)
      return { name, secret, value: secret ? null : withoutCredentials(found.value), origin: found.origin };
    const { data, success } = schema.safeParse(undefined) as { data?: string | number; success: boolean };
    const value = success && data !== undefined ? String(data) : null;
    return { name, secret, value, origin: value === null ? 'not set' : 'default' };
  });
}

/** Whoever puts a password into an address means it for the server, not for whoever looks at the settings. */
function withoutCredentials(value: string): string {
  return value.replace(/\/\/.*@/s, '//(redacted)@');
}
