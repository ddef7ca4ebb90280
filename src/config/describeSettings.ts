import { SCHEMAS, SECRETS, type Environment } from './schema';
import { findSetting } from './sources';
import { invalid } from './problems';
import { unknownVariables } from './unknownVariables';

/** The effective value of one setting. */
export interface Setting {
  readonly name: string;
  /** Null when it is not set and has no default, and for every secret. */
  readonly value: string | null;
  readonly secret: boolean;
  /** Where the value was found, in words. */
  readonly source: string;
}

/** Every setting with its source; of a secret only whether it is set. CONFIG_INVALID when a file cannot be read or a variable is unknown. */
export function describeSettings(env: Environment = process.env): readonly Setting[] {
  const unknown = unknownVariables(env);
  if (unknown.length > 0) throw invalid(unknown.join('; '));
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

/** Settings are shown even if they are refused at start. A password, or a key in a query, is meant for the server alone. */
function withoutCredentials(value: string): string {
  if (!value.includes('://') && !value.includes('@')) return value;
  return value
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, (_, scheme: string = '') => `${scheme}(redacted)@`)
    .replace(/\?.*$/s, '?(redacted)');
}
