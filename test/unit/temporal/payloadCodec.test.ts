import { randomBytes } from 'node:crypto';
import type { Payload } from '@temporalio/common';
import { openPayloadCodec, parsePayloadKeys, type PayloadKeys } from '../../../src/temporal/payloadCodec';

const PLAIN: Payload = {
  metadata: { encoding: Buffer.from('json/plain'), other: Buffer.from([0, 255]) },
  data: Buffer.from('{"window":"2026-01-31"}'),
};
const keysOf = (...ids: number[]): PayloadKeys => new Map(ids.map((id) => [id, randomBytes(32)]));
const textOf = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('latin1');

/** A codec on keys that the test may replace, and a clock that it moves. */
async function setUp(keys: PayloadKeys) {
  const state = { keys, nowMs: 0, reads: 0, fail: false };
  const read = async () => {
    state.reads += 1;
    if (state.fail) throw new Error('Vault does not answer');
    return state.keys;
  };
  return { state, codec: await openPayloadCodec(read, () => state.nowMs) };
}

describe('an encrypted payload', () => {
  test('is decrypted to the same bytes, and contains none of them', async () => {
    const { codec } = await setUp(keysOf(1));
    const [encrypted] = await codec.encode([PLAIN]);
    expect(textOf(encrypted?.metadata?.['encoding'])).toBe('binary/encrypted');
    expect(textOf(encrypted?.metadata?.['encryption-key-id'])).toBe('1');
    expect(textOf(encrypted?.data)).not.toContain('2026');
    await expect(codec.decode([encrypted!])).resolves.toEqual([PLAIN]);
  });

  test('is never the same twice', async () => {
    const { codec } = await setUp(keysOf(1));
    const [first, second] = await codec.encode([PLAIN, PLAIN]);
    expect(first?.data).not.toEqual(second?.data);
  });

  test.each(['nonce', 'ciphertext', 'tag'])(
    'with a changed bit in its %s is PAYLOAD_UNREADABLE',
    async (part) => {
      const { codec } = await setUp(keysOf(1));
      const [encrypted] = await codec.encode([PLAIN]);
      const data = Buffer.from(encrypted!.data!);
      const at = { nonce: 0, ciphertext: 20, tag: data.length - 1 }[part]!;
      data[at]! ^= 1;
      await expect(codec.decode([{ ...encrypted!, data }])).rejects.toMatchObject({
        code: 'PAYLOAD_UNREADABLE',
      });
    },
  );

  test('that was given the id of another key, or that was cut off, is PAYLOAD_UNREADABLE', async () => {
    const same = randomBytes(32);
    const { codec } = await setUp(
      new Map([
        [1, same],
        [2, same],
      ]),
    );
    const [encrypted] = await codec.encode([PLAIN]);
    const other = { ...encrypted!.metadata, 'encryption-key-id': Buffer.from('1') };
    for (const wrong of [
      { ...encrypted!, metadata: other },
      { ...encrypted!, data: Buffer.alloc(3) },
    ])
      await expect(codec.decode([wrong])).rejects.toMatchObject({ code: 'PAYLOAD_UNREADABLE' });
  });

  test('that was not encrypted is returned as it is', async () => {
    const { codec } = await setUp(keysOf(1));
    await expect(codec.decode([PLAIN, {}])).resolves.toEqual([PLAIN, {}]);
  });
});

describe('rotation', () => {
  test('the highest key writes, and all of them read', async () => {
    const keys = keysOf(1, 2, 10);
    const { codec: old } = await setUp(new Map([...keys].slice(0, 1)));
    const [byFirst] = await old.encode([PLAIN]);
    const { codec } = await setUp(keys);
    const [byNewest] = await codec.encode([PLAIN]);
    expect(textOf(byNewest?.metadata?.['encryption-key-id'])).toBe('10');
    await expect(codec.decode([byFirst!, byNewest!])).resolves.toEqual([PLAIN, PLAIN]);
  });

  test('a payload of a new key makes a process read the keys again, and not for every such payload', async () => {
    const keys = keysOf(1, 2);
    const { codec: other } = await setUp(keys);
    const [byNew] = await other.encode([PLAIN]);
    const { codec, state } = await setUp(new Map([...keys].slice(0, 1)));
    state.nowMs = 60_000;
    await expect(codec.decode([byNew!])).rejects.toMatchObject({ code: 'PAYLOAD_UNREADABLE' });
    state.keys = keys;
    await expect(codec.decode([byNew!])).rejects.toMatchObject({ code: 'PAYLOAD_UNREADABLE' });
    expect(state.reads).toBe(2);
    state.nowMs = 120_000;
    await expect(codec.decode([byNew!, byNew!])).resolves.toEqual([PLAIN, PLAIN]);
    expect(state.reads).toBe(3);
  });

  test('a process writes with a new key after some minutes, and with the old one while Vault does not answer', async () => {
    const keys = keysOf(1, 2);
    const { codec, state } = await setUp(new Map([...keys].slice(0, 1)));
    state.keys = keys;
    state.nowMs = 600_000;
    state.fail = true;
    const idOf = async () => textOf((await codec.encode([PLAIN]))[0]?.metadata?.['encryption-key-id']);
    await expect(idOf()).resolves.toBe('1');
    state.nowMs = 1_200_000;
    state.fail = false;
    await expect(idOf()).resolves.toBe('2');
  });
});

test.each([
  ['no key', {}],
  ['a key that is too short', { 1: randomBytes(16).toString('base64') }],
  ['a key that is not base64', { 1: 'x'.repeat(44) }],
  ['an id that is no number', { newest: randomBytes(32).toString('base64') }],
  ['a member that is no text', { 1: 5 }],
])('a secret with %s is CONFIG_INVALID, and the message shows no value', (_what, stored) => {
  const parse = () => parsePayloadKeys(stored, 'secret/data/x');
  expect(parse).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  for (const value of Object.values(stored).filter((member) => member !== 5))
    expect(parse).not.toThrow(String(value));
});
