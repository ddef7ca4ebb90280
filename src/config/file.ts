import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { SnapshotError } from '../errors';
import { NAMES, SECRETS, type Environment } from './schema';
import { suggestion } from './suggestion';

/** Names the file, also for processes that this one starts. */
const FILE_VARIABLE = 'AUDIT_SNAPSHOT_CONFIG';
const MAX_BYTES = 1 << 20;
const OTHERS_MAY_READ = 0o077;
const KEYS = NAMES.map((name) => name.toLowerCase());

export interface ConfigFile {
  readonly path: string;
  /** By variable name, `NAME_FILE` included. */
  readonly values: ReadonlyMap<string, string>;
}

const parsedFiles = new Map<string, ConfigFile>();

/** Makes this file the configuration of this process and of those that it starts. */
export function chooseConfigFile(path: string): void {
  process.env[FILE_VARIABLE] = resolve(path);
}

/**
 * The configuration file that applies: the named one, or `audit-snapshot/config.toml` in the user's configuration directory
 * when it exists. Never one in the working directory, which may be evidence of unknown origin. CONFIG_INVALID.
 */
export function findConfigFile(env: Environment): ConfigFile | undefined {
  const named = env[FILE_VARIABLE];
  const directory =
    env['XDG_CONFIG_HOME'] ?? (env['HOME'] === undefined ? undefined : join(env['HOME'], '.config'));
  const defaultPath = directory === undefined ? undefined : join(directory, 'audit-snapshot', 'config.toml');
  const path = named === undefined || named === '' ? defaultPath : named;
  if (path === undefined) return undefined;
  const known = parsedFiles.get(path);
  if (known) return known;
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined && path !== named) return undefined;
  const file = { path, values: valuesOf(path, textOf(path), ((mode ?? 0) & OTHERS_MAY_READ) !== 0) };
  parsedFiles.set(path, file);
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
  const problems: string[] = [];
  for (const [key, value] of Object.entries(tableOf(path, text))) {
    const name = key.toUpperCase();
    const base = name.replace(/_FILE$/, '');
    if (key !== key.toLowerCase() || !(NAMES.includes(name) || NAMES.includes(base))) {
      problems.push(`${key} is not a setting${suggestion(key, KEYS)}`);
    } else if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      problems.push(`${key} is not a string, number or boolean`);
    } else if (SECRETS.has(name) && othersMayRead) {
      problems.push(`${key} is a secret and others can read the file: chmod 600 it, or use ${key}_file`);
    } else values.set(name, String(value));
  }
  if (problems.length === 0) return values;
  throw new SnapshotError('CONFIG_INVALID', `configuration file ${path}: ${problems.join('; ')}`);
}

function tableOf(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    // The parser's message quotes lines of the file, which may contain a secret; the position does not.
    const position = error instanceof TomlError ? ` at line ${error.line}, column ${error.column}` : '';
    throw new SnapshotError('CONFIG_INVALID', `configuration file ${path}: not TOML${position}`);
  }
}
