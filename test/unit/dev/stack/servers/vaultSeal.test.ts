import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { discardUnsealable } from '../../../../../dev/stack/servers/vaultSeal';

let folder: string;
let data: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'seal-'));
  data = join(folder, 'raft');
  mkdirSync(data);
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string) => writeFileSync(join(folder, name), '{}');

test('Vault data whose initialisation was interrupted before its keys were stored is removed', () => {
  write('initialisation.pending');
  discardUnsealable(folder, data);
  expect(existsSync(data)).toBe(false);
  expect(existsSync(join(folder, 'initialisation.pending'))).toBe(false);
});

test('Vault data whose keys were stored survives the same crash', () => {
  write('initialisation.pending');
  write('keys.json');
  discardUnsealable(folder, data);
  expect(existsSync(data)).toBe(true);
});

test('Vault data without keys that was initialised long ago is never removed', () => {
  discardUnsealable(folder, data);
  expect(existsSync(data)).toBe(true);
});
