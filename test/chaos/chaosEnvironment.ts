import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startWatchdog, type Watchdog } from '../../dev/stack/watchdog';
import type { RunEnvironment } from './chaosRun';
import { bundleNextVersion } from './nextVersionBundle';
import { StackFaults } from './stackFaults';

const BUNDLE = resolve(__dirname, '../../dist/workflow-bundle.js');

/** What all runs of a campaign share: the stack, a connection to its Temporal, the bundles and a folder for logs. */
export class ChaosEnvironment implements RunEnvironment {
  readonly stackFaults: StackFaults;
  readonly client: Client;
  readonly watchdog: Watchdog;
  readonly logs: string;
  readonly bundles: RunEnvironment['bundles'];

  private constructor({ stackFaults, client, watchdog, logs, bundles }: RunEnvironment) {
    this.stackFaults = stackFaults;
    this.client = client;
    this.watchdog = watchdog;
    this.logs = logs;
    this.bundles = bundles;
  }

  static async start(): Promise<ChaosEnvironment> {
    if (!existsSync(BUNDLE)) throw new Error(`${BUNDLE} is missing; run npm run build`);
    const logs = await mkdtemp(join(tmpdir(), 'audit-snapshot-chaos-'));
    const watchdog = startWatchdog();
    const stackFaults = await StackFaults.start(`chaos-${process.pid}`);
    const connection = await Connection.connect({ address: stackFaults.stack.env['TEMPORAL_ADDRESS']! });
    const bundles = { current: BUNDLE, next: await bundleNextVersion(logs) };
    return new ChaosEnvironment({
      stackFaults,
      client: new Client({ connection }),
      watchdog,
      logs,
      bundles,
    });
  }

  /** Stops everything; the logs are kept when an invariant was violated. */
  async stop(allHeld: boolean): Promise<void> {
    await this.client.connection.close();
    await this.stackFaults.stop();
    await this.watchdog.release();
    if (allHeld) await rm(this.logs, { recursive: true, force: true });
    else process.stderr.write(`logs: ${this.logs}\n`);
  }
}
