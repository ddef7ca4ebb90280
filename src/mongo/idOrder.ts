import { TYPE_GROUPS as GROUPS } from '../evidence/bsonOrder';

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
