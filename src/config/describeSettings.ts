import { SCHEMAS, SECRETS, type Environment } from './schema';
import { findSetting } from './sources';

/** The effective value of one setting. */
export interface Setting {
  readonly name: string;
  /** Null when it is not set and has no default, and for every secret. */
  readonly value: string | null;
  readonly secret: boolean;
  /** Where the value was found, in words. */
  readonly source: string;
}

/** Every setting with its source; of a secret only whether it is set. CONFIG_INVALID when a file cannot be read. */
export function describeSettings(env: Environment = process.env): readonly Setting[] {
  return Object.entries(SCHEMAS).map(([name, schema]) => {
    const secret = SECRETS.has(name);
    const found = findSetting(name, env);
    if (found)
      return { name, secret, value: secret ? null : withoutCredentials(found.value), source: found.source };
    const { data } = schema.safeParse(undefined);
    const value = data === undefined ? null : String(data);
    return { name, secret, value, source: value === null ? 'not set' : 'default' };
  });
}

/** A password in an address is meant for the server, not for readers of the settings. */
function withoutCredentials(value: string): string {
  return value.replace(/\/\/.*@/s, '//(redacted)@');
}
