import { decodeBase64 } from '../../../src/tlog/base64';
import { testRefusals } from '../../harness/refusals';

testRefusals('base64', [
  ['without its padding', () => decodeBase64('AA'), 'not canonical base64'],
  ['with bits after its last byte', () => decodeBase64('AB=='), 'not canonical base64'],
  ['in the URL alphabet', () => decodeBase64('__8='), 'not canonical base64'],
  ['of another length than required', () => decodeBase64('AAAA', 2), 'base64 of 3 bytes, not 2'],
]);

test('base64 is decoded with or without a required length', () => {
  expect(decodeBase64('AAAA', 3)).toEqual(Buffer.alloc(3));
  expect(decodeBase64('AAAA')).toEqual(Buffer.alloc(3));
  expect(decodeBase64('')).toEqual(Buffer.alloc(0));
});
