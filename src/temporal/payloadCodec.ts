import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { SnapshotError, messageOf } from '../errors';

// Payloads are encrypted with AES-256-GCM before they leave a process, and decrypted after they arrive. The payload that
// Temporal stores has the metadata `encoding` and `encryption-key-id`; its data is nonce (12 bytes), ciphertext, tag (16).

const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ENCODING = 'binary/encrypted';
const KEY_ID = 'encryption-key-id';
/** How soon a process writes with a new key. It reads with one at once. */
const REFRESH_MS = 300_000;
/** A payload with an unknown key makes a process read the keys again, at most this often. */
const RETRY_MS = 5_000;

/** The keys by id. Ids are ascending whole numbers: the highest one writes, all of them read. */
export type PayloadKeys = ReadonlyMap<number, Buffer>;

/** Checks keys as they are stored: members `1`, `2`, … with 32 bytes in base64. CONFIG_INVALID, without the values. */
export function parsePayloadKeys(stored: Readonly<Record<string, unknown>>, where: string): PayloadKeys {
  const keys = new Map<number, Buffer>();
  for (const [id, value] of Object.entries(stored)) {
    const key = typeof value === 'string' ? Buffer.from(value, 'base64') : undefined;
    if (!/^[1-9]\d{0,8}$/.test(id) || key?.length !== KEY_BYTES || key.toString('base64') !== value)
      throw invalidKeys(`member ${id} is not a whole number with ${KEY_BYTES} bytes in base64`, where);
    keys.set(Number(id), key);
  }
  if (keys.size === 0) throw invalidKeys('it has no member', where);
  return keys;
}

function invalidKeys(problem: string, where: string): SnapshotError {
  return new SnapshotError('CONFIG_INVALID', `the keys for payloads in ${where} are invalid: ${problem}`);
}

/** Opens a codec on keys that `readKeys` returns as they are now; it is asked once at once, and rarely afterwards. */
export async function openPayloadCodec(
  readKeys: () => Promise<PayloadKeys>,
  nowMs: () => number = () => performance.now(),
): Promise<PayloadCodec> {
  const codec = new EncryptingCodec(readKeys, nowMs);
  await codec.readKeys();
  return codec;
}

class EncryptingCodec implements PayloadCodec {
  readonly #readKeys: () => Promise<PayloadKeys>;
  readonly #nowMs: () => number;
  #keys: PayloadKeys = new Map();
  #readAtMs = -Infinity;
  #reading: Promise<void> | undefined;

  constructor(readKeys: () => Promise<PayloadKeys>, nowMs: () => number) {
    this.#readKeys = readKeys;
    this.#nowMs = nowMs;
  }

  /** Once for callers at the same time. */
  async readKeys(): Promise<void> {
    this.#reading ??= this.#readKeys()
      .then((keys) => void (this.#keys = keys))
      .finally(() => {
        this.#readAtMs = this.#nowMs();
        this.#reading = undefined;
      });
    await this.#reading;
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    // Keys that are known still work while their server does not answer.
    if (this.#nowMs() - this.#readAtMs > REFRESH_MS) await this.readKeys().catch(() => undefined);
    const id = Math.max(...this.#keys.keys());
    const key = await this.#keyOf(id);
    return payloads.map((payload) => encrypt(payload, id, key));
  }

  async decode(payloads: Payload[]): Promise<Payload[]> {
    return Promise.all(
      payloads.map(async (payload) => {
        // What was written before encryption was turned on stays readable.
        if (textOf(payload, 'encoding') !== ENCODING) return payload;
        const id = Number(textOf(payload, KEY_ID));
        return decrypt(payload, id, await this.#keyOf(id));
      }),
    );
  }

  async #keyOf(id: number): Promise<Buffer> {
    if (!this.#keys.has(id) && this.#nowMs() - this.#readAtMs > RETRY_MS) await this.readKeys();
    const key = this.#keys.get(id);
    if (key !== undefined) return key;
    throw unreadable(`its key ${id} is not among ${[...this.#keys.keys()].join(', ')}`);
  }
}

function encrypt(payload: Payload, id: number, key: Buffer): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(contextOf(id));
  const data = Buffer.concat([nonce, cipher.update(serialize(payload)), cipher.final(), cipher.getAuthTag()]);
  return { metadata: { encoding: Buffer.from(ENCODING), [KEY_ID]: Buffer.from(String(id)) }, data };
}

function decrypt({ data }: Payload, id: number, key: Buffer): Payload {
  const bytes = Buffer.from(data ?? []);
  try {
    const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
      .setAAD(contextOf(id))
      .setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    return deserialize(text.toString('utf8'));
  } catch (error) {
    throw unreadable(`key ${id} does not decrypt it (${messageOf(error)})`);
  }
}

/** A payload of another key cannot be given the id of this one. */
function contextOf(id: number): Buffer {
  return Buffer.from(`audit-snapshot/payload/v1 ${id}`);
}

function serialize({ metadata = {}, data }: Payload): string {
  const fields = Object.entries(metadata ?? {}).map(([name, value]) => [name, toBase64(value)]);
  return JSON.stringify({ metadata: Object.fromEntries(fields), data: toBase64(data ?? new Uint8Array()) });
}

function deserialize(text: string): Payload {
  const { metadata, data } = JSON.parse(text) as { metadata: Record<string, string>; data: string };
  const fields = Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')]);
  return {
    metadata: Object.fromEntries(fields) as Record<string, Buffer>,
    data: Buffer.from(data, 'base64'),
  };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function textOf({ metadata }: Payload, name: string): string {
  return Buffer.from(metadata?.[name] ?? []).toString('utf8');
}

function unreadable(why: string): SnapshotError {
  return new SnapshotError('PAYLOAD_UNREADABLE', `a payload cannot be decrypted: ${why}`);
}
