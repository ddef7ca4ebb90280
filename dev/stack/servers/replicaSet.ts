import { setTimeout as delay } from 'node:timers/promises';
import { SnapshotError } from '../../../src/errors';

export const REPLICA_SET = 'audit';

const POLL_MS = 100;
const ELECTION_TIMEOUT_MS = 20_000;

/** The one method of the driver's admin database that is needed here. */
export interface AdminDatabase {
  command(command: Record<string, unknown>): Promise<Record<string, unknown>>;
}

interface ReplicaSetConfig {
  readonly version: number;
  readonly members: readonly { readonly host: string }[];
}

/**
 * Makes a fresh `mongod` the primary of a set of its own, and moves a set that was configured with another port to the
 * present `host`; a server that already is a primary stays as it is. Resolves when it takes writes; DATABASE_UNREACHABLE after 20 s.
 */
export async function initiateReplicaSet(admin: AdminDatabase, host: string): Promise<void> {
  if (await isPrimary(admin)) return;
  const config = await readConfig(admin);
  if (config === undefined) {
    await admin.command({ replSetInitiate: { _id: REPLICA_SET, members: [{ _id: 0, host }] } });
  } else if (config.members[0]?.host !== host) {
    const moved = { ...config, version: config.version + 1, members: [{ ...config.members[0], host }] };
    // forced: a member that no longer finds itself in its own set is never primary
    await admin.command({ replSetReconfig: moved, force: true });
  }
  const deadline = Date.now() + ELECTION_TIMEOUT_MS;
  while (!(await isPrimary(admin))) {
    if (Date.now() > deadline) {
      throw new SnapshotError('DATABASE_UNREACHABLE', `replica set ${REPLICA_SET} at ${host} has no primary`);
    }
    await delay(POLL_MS);
  }
}

async function isPrimary(admin: AdminDatabase): Promise<boolean> {
  const { isWritablePrimary } = await admin.command({ hello: 1 });
  return isWritablePrimary === true;
}

/** undefined before the set was initiated (NotYetInitialized, code 94). */
async function readConfig(admin: AdminDatabase): Promise<ReplicaSetConfig | undefined> {
  try {
    const { config } = await admin.command({ replSetGetConfig: 1 });
    return config as ReplicaSetConfig;
  } catch (error) {
    if ((error as { code?: unknown }).code === 94) return undefined;
    throw error;
  }
}
