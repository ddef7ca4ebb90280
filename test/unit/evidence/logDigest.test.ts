import { createHash } from 'node:crypto';
import { loadDigest, newDigest } from '../../../src/evidence/logDigest';

const TEXT = Buffer.from(Array.from({ length: 300 }, (_, index) => index % 251));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
  ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
])('the log digest of %.60j is SHA-256 as NIST publishes it', async (text, expected) => {
  const digest = await newDigest();
  digest.update(Buffer.from(text));
  expect(digest.hex()).toBe(expected);
});

test('a log digest that is saved and loaded anywhere continues as if it had not been', async () => {
  for (let split = 0; split <= TEXT.length; split++) {
    const first = await newDigest();
    first.update(TEXT.subarray(0, split));
    expect(first.hex()).toBe(sha256(TEXT.subarray(0, split)));
    const second = await loadDigest(first.save());
    second.update(TEXT.subarray(split));
    first.update(TEXT.subarray(split));
    expect([first.hex(), second.hex()]).toEqual([sha256(TEXT), sha256(TEXT)]);
  }
});

test.each(['', 'AAAA', 'not base64', 'A'.repeat(200)])(
  'the digest state %.20j is malformed',
  async (state) => {
    await expect(loadDigest(state)).rejects.toMatchObject({ code: 'EVIDENCE_MALFORMED' });
  },
);
