/**
 * BSON types of ids in the sort order of the server; types of one group compare with each other (MongoDB manual,
 * "Comparison/Sort Order").
 */
const GROUPS: readonly (readonly number[])[] = [
  [0xff], // min key
  [0x06], // undefined
  [0x0a], // null
  [0x01, 0x10, 0x12, 0x13], // numbers
  [0x02, 0x0e], // string, symbol
  [0x03], // document
  [0x04], // array
  [0x05], // binary
  [0x07], // ObjectId
  [0x08], // boolean
  [0x09], // date
  [0x11], // timestamp
  [0x0b], // regular expression
  [0x0c], // DBPointer
  [0x0d], // code
  [0x0f], // code with scope
  [0x7f], // max key
];

/** `$type` codes of the ids that compare with ids of this type. */
export function sameGroup(type: number): number[] {
  return [...(GROUPS[groupOf(type)] ?? [])].map(typeCode);
}

/** `$type` codes of the ids that sort after every id of this type; empty after the last group. */
export function laterGroups(type: number): number[] {
  return GROUPS.slice(groupOf(type) + 1)
    .flat()
    .map(typeCode);
}

function groupOf(type: number): number {
  return GROUPS.findIndex((types) => types.includes(type));
}

/** The server's `$type` of min key is -1. */
function typeCode(type: number): number {
  return type === 0xff ? -1 : type;
}
