import { canonicalJson } from '../../src/evidence/canonicalJson';
import { formatBundle, parseBundle } from '../../src/tlog/tiles';

type Objects = ReadonlyMap<string, Buffer>;
type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** Every part of one valid set put into the other: whole objects, JSON members at any depth, lines of notes, entries. */
export function* splices(into: Objects, from: Objects): Generator<[string, Objects]> {
  for (const [key, body] of into) {
    const other = from.get(key);
    if (!other || other.equals(body)) continue;
    const put = (what: string, spliced: Buffer): [string, Objects] => [
      `${key}: ${what}`,
      new Map(into).set(key, spliced),
    ];
    yield put('the whole object', other);
    if (key.endsWith('manifest.json')) {
      for (const [path, value] of members(JSON.parse(other.toString()) as Json))
        yield* spliceMember(body, path, value, put);
    } else if (key.endsWith('checkpoint')) yield* spliceLines(body, other, put);
    else if (key.includes('/entries/')) yield* spliceEntries(body, other, put);
  }
}

function* spliceMember(
  body: Buffer,
  path: readonly string[],
  value: Json,
  put: (what: string, spliced: Buffer) => [string, Objects],
): Generator<[string, Objects]> {
  const manifest = JSON.parse(body.toString()) as { [name: string]: Json };
  let parent: { [name: string]: Json } = manifest;
  for (const name of path.slice(0, -1)) {
    const next = parent[name];
    if (typeof next !== 'object' || next === null) return;
    parent = next as { [name: string]: Json };
  }
  parent[path.at(-1)!] = value;
  const spliced = canonicalJson(manifest);
  if (!spliced.equals(body)) yield put(`member ${path.join('.')}`, spliced);
}

/** Every member at any depth, the containers included. */
function* members(value: Json, path: readonly string[] = []): Generator<[readonly string[], Json]> {
  if (typeof value !== 'object' || value === null) return;
  for (const [name, member] of Object.entries(value)) {
    yield [[...path, name], member];
    yield* members(member, [...path, name]);
  }
}

function* spliceLines(
  body: Buffer,
  other: Buffer,
  put: (what: string, spliced: Buffer) => [string, Objects],
): Generator<[string, Objects]> {
  const lines = body.toString().split('\n');
  for (const [index, line] of other.toString().split('\n').entries()) {
    const spliced = Buffer.from(lines.with(Math.min(index, lines.length - 1), line).join('\n'));
    if (!spliced.equals(body)) yield put(`line ${index}`, spliced);
  }
}

function* spliceEntries(
  body: Buffer,
  other: Buffer,
  put: (what: string, spliced: Buffer) => [string, Objects],
): Generator<[string, Objects]> {
  const [own, foreign] = [parseBundle(body, 2), parseBundle(other, 2)];
  for (const index of own.keys()) {
    yield put(`entry ${index}`, formatBundle(own.with(index, foreign[index]!)));
    const [mine, theirs] = [own, foreign].map(
      (entries) => JSON.parse(entries[index]!.toString()) as { [name: string]: Json },
    ) as [{ [name: string]: Json }, { [name: string]: Json }];
    for (const name of Object.keys(theirs)) {
      const spliced = canonicalJson({ ...mine, [name]: theirs[name]! });
      if (!spliced.equals(own[index]!))
        yield put(`entry ${index}, member ${name}`, formatBundle(own.with(index, spliced)));
    }
  }
}
