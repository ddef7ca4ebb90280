import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import { parseEntry, type LedgerEntry } from '../evidence/ledgerEntry';
import { serveEndpoint } from '../monitoring/endpoint';
import type { NeededServer } from '../monitoring/serverHealth';
import { leftOutScan } from '../mongo/leftOutRecords';
import { MongoLedgerSequencer } from '../mongo/ledgerSequencer';
import { MongoSnapshotRepository } from '../mongo/snapshotRepository';
import { LedgerIndex } from '../sealing/ledgerIndex';
import { AuditService } from '../services/audit.service';
import { AuditSchedules } from '../temporal/schedules';
import { bucketReader } from '../verify/evidenceReaders';
import { readLeftOut } from '../verify/leftOutStates';
import { ineligibleProbe } from './probes/ineligibleProbe';
import { ledgerProbe } from './probes/ledgerProbe';
import { pollerProbe } from './probes/pollerProbe';
import { runProbes, type Probe, type ProbeRun } from './probes/probe';
import { retentionProbe } from './probes/retentionProbe';
import { scheduleProbe } from './probes/scheduleProbe';
import { verificationProbe, verifyRunsOf } from './probes/verificationProbe';
import { freeAddress, readSdkMetrics } from './sdkMetrics';
import type { readWorkerSettings } from './settings';
import { pauseUntilAborted } from './supervisor';
import { connectServers, neededServers, type SupervisorServers } from './supervisorServers';
import { WorkerMonitor } from './workerMonitor';

type Settings = ReturnType<typeof readWorkerSettings>;

/** The monitoring of one supervisor. */
export interface SupervisorMonitoring extends AsyncDisposable {
  readonly monitor: WorkerMonitor;
  /** To be called once a worker process polls, so that servers and settings are known to be right. */
  readonly begin: () => void;
}

const CLOSING_MS = 2_000;
const nowMs = () => Date.now();
const NEVER = new AbortController().signal;

/**
 * Serves health and metrics of a supervisor, if that is not turned off; `begin` starts its measurements of the servers.
 * LISTEN_FAILED.
 */
export async function superviseMetrics(
  settings: Settings,
  client: Client,
  log: Logger,
  processes: number,
): Promise<SupervisorMonitoring> {
  const stopping = new AbortController();
  let servers: readonly NeededServer[] = [];
  const monitor = new WorkerMonitor({
    nowMs,
    pause: (ms, signal = NEVER) => pauseUntilAborted(ms, signal),
    servers: () => servers,
    readSdkMetrics,
  });
  const { endpoint: address, probeMs } = settings.worker;
  if (address === undefined)
    return { monitor, begin: () => undefined, [Symbol.asyncDispose]: () => Promise.resolve() };

  for (let index = 0; index < processes; index++) monitor.setSdkAddress(index, await freeAddress());
  const endpoint = await serveEndpoint(address, monitor.pages(), log);
  const run: ProbeRun = {
    intervalMs: probeMs,
    stopping: stopping.signal,
    nowMs,
    pause: pauseUntilAborted,
    onError: (code) => monitor.metrics.record({ kind: 'error', code }),
    log,
  };
  const measure = async (): Promise<void> => {
    await using connected = await connectServers(settings, run);
    if (!connected) return;
    servers = neededServers(connected, client);
    await runProbes(probesOf(settings, client, connected, monitor), run);
  };
  let measuring: Promise<void> | undefined;
  return {
    monitor,
    begin: () => void (measuring ??= measure()),
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      // A server that does not answer must not keep the process.
      await Promise.race([measuring, pauseUntilAborted(CLOSING_MS, NEVER)]);
      await endpoint[Symbol.asyncDispose]();
    },
  };
}

function probesOf(
  { sealing, temporal: { taskQueue } }: Settings,
  client: Client,
  { database, store, signer }: SupervisorServers,
  { gauges, pollers }: WorkerMonitor,
): readonly Probe[] {
  const { origin, source } = sealing;
  const ledger = new MongoLedgerSequencer(database, origin);
  const snapshots = new MongoSnapshotRepository(database);
  const records = new AuditService(database, source);
  const schedules = new AuditSchedules(client, taskQueue, origin);
  return [
    scheduleProbe({ schedules, snapshots, records, gauges, nowMs }),
    ledgerProbe({
      ledger,
      store,
      signer,
      gauges,
      nowMs,
      ledgerIndex: new LedgerIndex(),
      settings: { origin },
    }),
    retentionProbe({ ledger, store, gauges, nowMs }),
    verificationProbe({ readRuns: verifyRunsOf(client, taskQueue), gauges }),
    ineligibleProbe(
      () =>
        readLeftOut(
          {
            reader: bucketReader(store),
            records,
            entryOf: (snapshotId) => entryOf(ledger, snapshots, snapshotId),
            members: source.members,
            scan: leftOutScan(database, source),
          },
          { uncovered: [] },
        ),
      gauges,
    ),
    pollerProbe(client, taskQueue, pollers),
  ];
}

/** One entry of the ledger, however long it is. */
async function entryOf(
  ledger: MongoLedgerSequencer,
  snapshots: MongoSnapshotRepository,
  snapshotId: string,
): Promise<LedgerEntry | undefined> {
  const index = (await snapshots.find(snapshotId))?.ledgerIndex ?? null;
  const [bytes] = index === null ? [] : await ledger.list(index, index + 1);
  const entry = bytes && parseEntry(bytes);
  return entry?.snapshotId === snapshotId ? entry : undefined;
}
