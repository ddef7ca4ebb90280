import type { Connection, mongo } from 'mongoose';
import { serverCodeOf, toDatabaseError } from './errors';

/** One call that is tried; `what` names it in the message of its failure. */
export interface Trial {
  readonly what: string;
  readonly run: (session: mongo.ClientSession) => Promise<unknown>;
}

/** "Transaction numbers are only allowed on a replica set member or mongos", and what no transaction allows. */
const NO_TRANSACTIONS: ReadonlySet<number> = new Set([20, 263]);

/**
 * Runs the calls in one transaction and aborts it: the server checks rights, rules about documents and sizes as for a real
 * write, and nothing remains. False when the server has no transactions. DATABASE_*.
 */
export async function tryInTransaction(connection: Connection, trials: readonly Trial[]): Promise<boolean> {
  const session = await connection.startSession();
  session.startTransaction();
  try {
    for (const { what, run } of trials) {
      try {
        await run(session);
      } catch (error) {
        if (NO_TRANSACTIONS.has(serverCodeOf(error))) return false;
        throw toDatabaseError(what, error);
      }
    }
    return true;
  } finally {
    // A transaction that failed is over on the server already; one whose abort is lost ends by its time limit.
    await session.abortTransaction().catch(() => undefined);
    await session.endSession();
  }
}
