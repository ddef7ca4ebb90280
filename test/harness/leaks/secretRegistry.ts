import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A value that must not appear in anything that the product shows or stores. */
export interface Secret {
  readonly name: string;
  readonly value: string;
}

/** Set by Jest's global setup. Unit tests alone have none, and then keep no secrets. */
const RUN_DIRECTORY = 'TEST_RUN_DIRECTORY';
const MIN_CHARACTERS = 12;

/** Creates what `recordOutput.cjs` and `keepSecret` write to. */
export function createRunDirectory(directory: string): void {
  mkdirSync(join(directory, 'output'), { recursive: true, mode: 0o700 });
  process.env[RUN_DIRECTORY] = directory;
}

/** Adds a secret that the end of the test run searches for everywhere, and returns it. Any process of the run may call it. */
export function keepSecret(name: string, value: string): string {
  if (value.length < MIN_CHARACTERS) throw new Error(`${name} is too short to be found without doubt`);
  const directory = process.env[RUN_DIRECTORY];
  if (directory !== undefined) {
    const line = `${JSON.stringify({ name, value } satisfies Secret)}\n`;
    appendFileSync(join(directory, 'secrets'), line, { mode: 0o600 });
  }
  return value;
}

/** All secrets of this test run, each once. */
export function readSecrets(directory: string): readonly Secret[] {
  const file = join(directory, 'secrets');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  const secrets = lines.map((line) => JSON.parse(line) as Secret);
  return [...new Map(secrets.map((secret) => [secret.value, secret])).values()];
}
