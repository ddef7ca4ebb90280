import { sha256 } from '../tlog/sha256';
import { TILE_WIDTH } from '../tlog/tiles';

/** Entry bundles that a small sample comes from: each is read as a whole, so few of them keep a sample cheap. */
const BUNDLES = 2;

/**
 * At most `count` different numbers below `size`, in ascending order: the places of snapshots to verify again. They come
 * from as few entry bundles as possible, chosen at random. The same seed chooses the same ones; an attacker who does not
 * know the seed does not know which snapshots are read.
 */
export function sampleEntries(seed: string, size: number, count: number): readonly number[] {
  const bundles = Math.ceil(size / TILE_WIDTH);
  const needed = Math.min(bundles, Math.max(BUNDLES, Math.ceil((2 * count) / TILE_WIDTH)));
  const places = choose(`${seed} bundles`, bundles, needed).flatMap((bundle) =>
    Array.from(
      { length: Math.min(TILE_WIDTH, size - bundle * TILE_WIDTH) },
      (_, at) => bundle * TILE_WIDTH + at,
    ),
  );
  return choose(seed, places.length, Math.min(count, places.length))
    .map((at) => places[at]!)
    .toSorted((left, right) => left - right);
}

/** `count` different numbers below `size`, which is at least as large. */
function choose(seed: string, size: number, count: number): readonly number[] {
  const chosen = new Set<number>();
  for (let draw = 0; chosen.size < count; draw++)
    chosen.add(sha256(Buffer.from(`${seed}\n${size}\n${draw}`)).readUIntBE(0, 6) % size);
  return [...chosen];
}
