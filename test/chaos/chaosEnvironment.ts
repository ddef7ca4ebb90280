import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startWatchdog, type Watchdog } from '../../dev/stack/watchdog';
import type { Surroundings } from './round';
import { StackFaults } from './stackFaults';
import { bundleChanged } from './changedBundle';

const BUNDLE = resolve(__dirname, '../../dist/workflow-bundle.js');

/** What all runs of a campaign share: the stack, a connection to its Temporal, the bundles and a folder for logs. */
export class ChaosEnvironment {
  readonly surroundings: Surroundings;
  readonly #connection: Connection;
  readonly #watchdog: Watchdog;

  private constructor(surroundings: Surroundings, connection: Connection, watchdog: Watchdog) {
    this.surroundings = surroundings;
    this.#connection = connection;
    this.#watchdog = watchdog;
  }

  static async start(): Promise<ChaosEnvironment> {
    if (!existsSync(BUNDLE)) throw new Error(`${BUNDLE} is missing; run npm run build`);
    const logs = await mkdtemp(join(tmpdir(), 'audit-snapshot-chaos-'));
    const watchdog = startWatchdog();
    const powers = await StackFaults.start(`chaos-${process.pid}`);
    const connection = await Connection.connect({ address: powers.stack.env['TEMPORAL_ADDRESS']! });
    const client = new Client({ connection });
    const bundles = { plain: BUNDLE, changed: await bundleChanged(logs) };
    return new ChaosEnvironment({ powers, client, watchdog, logs, bundles }, connection, watchdog);
  }

  /** Stops everything; logs stay where something is to be looked into. */
  async stop(allHeld: boolean): Promise<void> {
    await this.#connection.close();
    await this.surroundings.powers.stop();
    await this.#watchdog.release();
    if (allHeld) await rm(this.surroundings.logs, { recursive: true, force: true });
    else process.stderr.write(`logs: ${this.surroundings.logs}\n`);
  }
}
