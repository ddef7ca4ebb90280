import { readFileSync } from 'node:fs';
import { SnapshotError } from '../errors';
import { findConfigFile } from './file';
import type { Environment } from './schema';

/** The value of a setting; `source` says in words where it was found. */
export interface FoundSetting {
  readonly value: string;
  readonly source: string;
  /** The file that `NAME_FILE` names; undefined when the value itself was found. */
  readonly file?: string;
}

/**
 * Looks a setting up in the environment, then in the configuration file. In either, `NAME_FILE` may name a file with the
 * value, so that secrets need not be written there. An empty value counts as not set. CONFIG_INVALID.
 */
export function findSetting(name: string, env: Environment): FoundSetting | undefined {
  const fromEnvironment = readSource(name, (key) => env[key], 'environment');
  if (fromEnvironment) return fromEnvironment;
  const file = findConfigFile(env);
  return file && readSource(name, (key) => file.values.get(key), file.path);
}

function readSource(
  name: string,
  get: (key: string) => string | undefined,
  source: string,
): FoundSetting | undefined {
  const file = get(`${name}_FILE`);
  if (file !== undefined && file !== '')
    return { value: contentOf(name, file), source: `${source}: ${name}_FILE ${file}`, file };
  const value = get(name);
  return value === undefined || value === '' ? undefined : { value, source };
}

function contentOf(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    throw new SnapshotError('CONFIG_INVALID', `configuration: ${name}_FILE cannot be read: ${file}`, {
      cause,
    });
  }
}

/**
 * The value of a secret as it is at each call, without white space around it: a file may be replaced. While there is none, or
 * one with text that no header may have, it is the last one. Undefined when the setting is not set.
 */
export function replaceableSecret(name: string, env: Environment): (() => string) | undefined {
  const found = findSetting(name, env);
  if (found === undefined) return undefined;
  const { file } = found;
  let last = found.value.trim();
  return () => {
    const current = file === undefined ? '' : textOf(file);
    if (/^[ -~]+$/.test(current)) last = current;
    return last;
  };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return '';
  }
}
