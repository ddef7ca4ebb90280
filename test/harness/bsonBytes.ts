import { BSON } from 'bson';

/** Elements of the given members, in their order, as the `bson` package writes them. */
export function elementsOf(members: object): Buffer {
  return Buffer.from(BSON.serialize(members, { ignoreUndefined: false }).subarray(4, -1));
}

/** One element by hand: for what the `bson` package does not write. */
export function element(type: number, name: string, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.of(type), Buffer.from(name), Buffer.of(0), value]);
}

/** A document of the given elements. */
export function documentOf(elements: readonly Uint8Array[]): Buffer {
  const size = elements.reduce((sum, { length }) => sum + length, 5);
  return Buffer.concat([int32(size), ...elements, Buffer.of(0)]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

export function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

/** The value of a string: its size with the terminator, its bytes, the terminator. */
export function text(value: string | Uint8Array): Buffer {
  const bytes = Buffer.from(value as string);
  return Buffer.concat([int32(bytes.length + 1), bytes, Buffer.of(0)]);
}
