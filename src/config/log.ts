import type { z } from 'zod';
import { configError } from './problems';
import type { VARIABLES } from './schema';

/** Which collection is sealed, and how its records name the four members that sealing reads or writes. */
export interface LogConfig {
  readonly collection: string;
  readonly members: {
    readonly time: string;
    readonly hash: string;
    readonly immutable: string;
    readonly snapshotId: string;
  };
  /** Records without a mark are sealed as well; undefined: only those whose mark is false. */
  readonly eligible?: 'unmarked' | undefined;
}

/** The other members of the audit record `snapshot.created`, which sealing itself adds to the collection. */
const ENTRY_MEMBERS: readonly string[] = ['resourceType', 'resourceId', 'action', 'actorId', 'details'];

/** Checks the names against each other. CONFIG_INVALID names every variable that repeats a name or takes one of the record. */
export function logConfigOf(settings: z.output<z.ZodObject<typeof VARIABLES.log>>): LogConfig {
  const named = {
    AUDIT_TIME_MEMBER: settings.AUDIT_TIME_MEMBER,
    AUDIT_HASH_MEMBER: settings.AUDIT_HASH_MEMBER,
    AUDIT_IMMUTABLE_MEMBER: settings.AUDIT_IMMUTABLE_MEMBER,
    AUDIT_SNAPSHOT_ID_MEMBER: settings.AUDIT_SNAPSHOT_ID_MEMBER,
  };
  const variables = Object.entries(named);
  const messages = variables.flatMap(([variable, name], index) => {
    const earlier = variables.slice(0, index).find(([, other]) => other === name);
    if (earlier) return [`${variable} names the same member as ${earlier[0]}`];
    return ENTRY_MEMBERS.includes(name)
      ? [`${variable} names a member that the audit record snapshot.created uses otherwise`]
      : [];
  });
  if (messages.length > 0)
    throw configError(messages.map((message) => ({ code: 'CONFIG_INVALID', message })));
  return {
    collection: settings.AUDIT_COLLECTION,
    members: {
      time: named.AUDIT_TIME_MEMBER,
      hash: named.AUDIT_HASH_MEMBER,
      immutable: named.AUDIT_IMMUTABLE_MEMBER,
      snapshotId: named.AUDIT_SNAPSHOT_ID_MEMBER,
    },
    ...(settings.AUDIT_ELIGIBLE === 'unmarked' ? { eligible: 'unmarked' as const } : {}),
  };
}
