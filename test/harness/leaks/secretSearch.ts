import type { Secret } from './secretRegistry';

/** One spelling of a secret: as it is, percent-encoded, or in base64. */
interface Needle {
  readonly name: string;
  readonly bytes: Buffer;
}

const PREFIX_BYTES = 4;

/** Finds many secrets in bytes by one pass over them, also where they are encoded. */
export class SecretSearch {
  /** By the first four bytes. */
  readonly #needles = new Map<number, Needle[]>();
  /** By 16 bits of the first four bytes: most positions end here. */
  readonly #possible = new Uint8Array(1 << 16);

  constructor(secrets: readonly Secret[]) {
    for (const { name, value } of secrets)
      for (const text of spellings(value)) this.#add({ name, bytes: Buffer.from(text) });
  }

  #add(needle: Needle): void {
    const prefix = needle.bytes.readUInt32BE(0);
    this.#possible[fold(prefix)] = 1;
    this.#needles.set(prefix, [...(this.#needles.get(prefix) ?? []), needle]);
  }

  /** The names of the secrets that are in these bytes. */
  find(bytes: Buffer): readonly string[] {
    const found = new Set<string>();
    let prefix = 0;
    for (let end = 0; end < bytes.length; end++) {
      prefix = ((prefix << 8) | bytes[end]!) >>> 0;
      if (this.#possible[fold(prefix)] === 0) continue;
      const start = end - PREFIX_BYTES + 1;
      for (const { name, bytes: needle } of this.#needles.get(prefix) ?? [])
        if (start >= 0 && needle.equals(bytes.subarray(start, start + needle.length))) found.add(name);
    }
    return [...found];
  }
}

function fold(prefix: number): number {
  return (prefix ^ (prefix >>> 16)) & 0xffff;
}

/**
 * The value, percent-encoded, and in base64 after 0, 1 and 2 other bytes (as in `user:password`), without the characters
 * that depend on what is before and after it.
 */
function spellings(value: string): ReadonlySet<string> {
  const encoded = [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(value)]);
    const first = Math.ceil((before * 8) / 6);
    const last = Math.floor((bytes.length * 8) / 6);
    return (['base64', 'base64url'] as const).map((form) => bytes.toString(form).slice(first, last));
  });
  return new Set([value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), ...encoded]);
}
