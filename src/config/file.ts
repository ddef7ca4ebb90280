import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { SnapshotError } from '../errors';
import { NAMES, SECRETS, type Environment } from './schema';

/** Names the file, and hands it on to processes that this one starts. */
const FILE_VARIABLE = 'AUDIT_SNAPSHOT_CONFIG';
const MAX_BYTES = 1 << 20;
const OTHERS_MAY_READ = 0o077;

export interface ConfigFile {
  readonly path: string;
  /** By name of the variable, `NAME_FILE` included. */
  readonly values: ReadonlyMap<string, string>;
}

const read = new Map<string, ConfigFile>();

/** From now on this file is the configuration of this process and of those that it starts. */
export function chooseConfigFile(path: string): void {
  process.env[FILE_VARIABLE] = resolve(path);
}

/**
 * The configuration file in force: the named one, or `audit-snapshot/config.toml` below the user's configuration
 * directory when it is there. Never one of the working directory: that may be evidence from somebody else.
 * CONFIG_INVALID.
 */
export function findConfigFile(env: Environment): ConfigFile | undefined {
  const named = env[FILE_VARIABLE];
  const home =
    env['XDG_CONFIG_HOME'] ?? (env['HOME'] === undefined ? undefined : join(env['HOME'], '.config'));
  const usual = home === undefined ? undefined : join(home, 'audit-snapshot', 'config.toml');
  const path = named === undefined || named === '' ? usual : named;
  if (path === undefined) return undefined;
  const known = read.get(path);
  if (known) return known;
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined && path !== named) return undefined;
  const file = { path, values: valuesOf(path, textOf(path), ((mode ?? 0) & OTHERS_MAY_READ) !== 0) };
  read.set(path, file);
  return file;
}

function textOf(path: string): string {
  try {
    const text = readFileSync(path);
    if (text.length <= MAX_BYTES) return text.toString('utf8');
  } catch (cause) {
    throw new SnapshotError('CONFIG_INVALID', `configuration file cannot be read: ${path}`, { cause });
  }
  throw new SnapshotError('CONFIG_INVALID', `configuration file is larger than 1 MiB: ${path}`);
}

function valuesOf(path: string, text: string, othersMayRead: boolean): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const faults: string[] = [];
  for (const [key, value] of Object.entries(tableOf(path, text))) {
    const name = key.toUpperCase();
    const base = name.replace(/_FILE$/, '');
    if (key !== key.toLowerCase() || !(NAMES.includes(name) || NAMES.includes(base))) {
      faults.push(`${key} is no setting${suggestion(key)}`);
    } else if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      faults.push(`${key} is neither text, a number nor true or false`);
    } else if (SECRETS.has(name) && othersMayRead) {
      faults.push(`${key} is a secret and others can read the file: chmod 600 it, or use ${key}_file`);
    } else values.set(name, String(value));
  }
  if (faults.length === 0) return values;
  throw new SnapshotError('CONFIG_INVALID', `configuration file ${path}: ${faults.join('; ')}`);
}

function tableOf(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    // The message quotes lines of the file, and with them what may be a secret; its place does not.
    const place = error instanceof TomlError ? ` at line ${error.line}, column ${error.column}` : '';
    throw new SnapshotError('CONFIG_INVALID', `configuration file ${path}: not TOML${place}`);
  }
}

/** The known key that shares most pairs of letters with this one, when it shares most of them. */
function suggestion(key: string): string {
  const own = pairsOf(key.toLowerCase());
  const likeness = (other: string) => {
    const theirs = pairsOf(other);
    return (2 * [...own].filter((pair) => theirs.has(pair)).length) / (own.size + theirs.size);
  };
  const best = NAMES.map((name) => name.toLowerCase()).toSorted((a, b) => likeness(b) - likeness(a))[0];
  return best !== undefined && likeness(best) > 0.6 ? `; did you mean ${best}?` : '';
}

function pairsOf(text: string): ReadonlySet<string> {
  return new Set(Array.from(text, (_, at) => text.slice(at, at + 2)));
}
