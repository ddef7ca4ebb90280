import { readFileSync } from 'node:fs';
import { SnapshotError } from '../errors';
import { findConfigFile } from './file';
import type { Environment } from './schema';

/** A setting as it was found; `origin` says where, for people. */
export interface Found {
  readonly value: string;
  readonly origin: string;
}

/**
 * What is set for a variable: in the environment, else in the configuration file; in either `NAME_FILE` may name a file that
 * holds the value, so that secrets need not stand there. Empty counts as not set. CONFIG_INVALID.
 */
export function lookUp(name: string, env: Environment): Found | undefined {
  const own = within(name, (key) => env[key], 'environment');
  if (own) return own;
  const file = findConfigFile(env);
  return file && within(name, (key) => file.values.get(key), file.path);
}

function within(name: string, get: (key: string) => string | undefined, origin: string): Found | undefined {
  const file = get(`${name}_FILE`);
  if (file !== undefined && file !== '')
    return { value: contentOf(name, file), origin: `${origin}: ${name}_FILE ${file}` };
  const value = get(name);
  return value === undefined || value === '' ? undefined : { value, origin };
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
