/** A copy of the bytes with one bit flipped; bits are counted from the lowest one of the first byte. */
export function flipBit(bytes: Uint8Array, bit: number): Buffer {
  const flipped = Buffer.from(bytes);
  flipped[bit >> 3]! ^= 1 << (bit & 7);
  return flipped;
}

/** Every copy of the bytes with one bit flipped. */
export function everyBitFlip(bytes: Uint8Array): Buffer[] {
  return Array.from({ length: bytes.length * 8 }, (_, bit) => flipBit(bytes, bit));
}
