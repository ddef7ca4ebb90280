import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DeterminismViolationError } from '@temporalio/workflow';
import { DefaultLogger, Runtime, Worker, bundleWorkflowCode } from '@temporalio/worker';
import { auditTrail } from '../../../dev/demo/auditTrail';

const FOLDER = join(__dirname, '../../replay/histories');
const NAMES = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''));

/** All that payloads may hold: references, digests, indexes and counts. */
const KNOWN_MEMBERS = new Set(
  `after altered attempt attemptStartedAtMs backdated begin checkpoint chunk chunkCount chunks code complete
  conflictCount conflicts count counts cursor deleted digestState drifts end everySeconds evidence exhausted
  expected findingCount firstSealed from hash hashes id index jobId key keyVersion late lateCount ledgerIndex
  ledgerSize left lookbackSeconds manifestSha256 marked-otherwise marks next nextIndex nextPlace nominalTime
  onDrift onTamper outcome place planted range reason recordCount records released result schedule scheduleId
  sealed settleSeconds sha256 signature signing sizeBytes sliceMs snapshotAssetId snapshotId snapshots startAt
  state status tally target timestamp to unmarked until versionId window windowCount windows within`.split(
    /\s+/,
  ),
);

interface CapturedEvent {
  eventId: string;
  eventType: string;
  activityTaskScheduledEventAttributes?: { activityType: { name: string } };
}
interface Captured {
  events: CapturedEvent[];
}

/** Why each history does not replay, by its name; undefined for one that does. */
const replayed = new Map<string, Error | undefined>();

beforeAll(async () => {
  const logger = new DefaultLogger('ERROR');
  // A history that does not replay fails with an error, so the log need not repeat it.
  Runtime.install({
    logger: new DefaultLogger('ERROR', () => undefined),
    telemetryOptions: { logging: { forward: {}, filter: { core: 'ERROR', other: 'ERROR' } } },
  });
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../../workflows/index.ts'),
    logger,
  });
  // As workers use it with traces turned on.
  const tracedBundle = await bundleWorkflowCode({
    workflowsPath: require.resolve('../../../workflows/index.ts'),
    workflowInterceptorModules: [require.resolve('../../../workflows/tracing/traceWorkflow.ts')],
    logger,
  });
  const histories = NAMES.map((name) => ({ workflowId: name, history: read(name) }));
  await replayAll(workflowBundle, [
    ...histories,
    ...NAMES.map((name) => ({ workflowId: altered(name), history: withAnotherActivity(name) })),
    { workflowId: LACKING, history: withoutLastActivity(read('plain')) },
  ]);
  await replayAll(
    tracedBundle,
    histories.map(({ workflowId, history }) => ({ workflowId: traced(workflowId), history })),
  );
}, 240_000);

const LACKING = 'plain without its last activity';
const altered = (name: string) => `${name} with another activity`;
const traced = (name: string) => `${name} with traces`;

function read(name: string): Captured {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8')) as Captured;
}

/** Replays histories with one worker, because starting a worker takes longer than a replay. */
async function replayAll(
  workflowBundle: { readonly code: string },
  histories: readonly { readonly workflowId: string; readonly history: Captured }[],
): Promise<void> {
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories))
    replayed.set(workflowId, error);
}

function withAnotherActivity(name: string): Captured {
  const history = read(name);
  const scheduled = history.events.flatMap((event) => event.activityTaskScheduledEventAttributes ?? []);
  scheduled.at(-1)!.activityType.name = 'anotherActivity';
  return history;
}

/** The value of every payload in the history. */
function payloadsOf(node: unknown): unknown[] {
  if (typeof node !== 'object' || node === null) return [];
  const { data, metadata } = node as { data?: unknown; metadata?: unknown };
  if (typeof data !== 'string' || metadata === undefined) return Object.values(node).flatMap(payloadsOf);
  return [JSON.parse(Buffer.from(data, 'base64').toString())];
}

function membersOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const below = Object.values(value).flatMap(membersOf);
  return Array.isArray(value) ? below : [...Object.keys(value), ...below];
}

/** Removes all events of the last activity; the others are renumbered without gaps. */
function withoutLastActivity({ events }: Captured): Captured {
  const scheduled = events.findLast((event) => event.activityTaskScheduledEventAttributes)!.eventId;
  const isOther = (event: CapturedEvent): boolean =>
    event.eventId !== scheduled && !JSON.stringify(event).includes(`"scheduledEventId":"${scheduled}"`);
  const others = events.filter(isOther);
  expect(others).toHaveLength(events.length - 3);
  const numbers = new Map(others.map(({ eventId }, index) => [eventId, String(index + 1)]));
  const renumbered = JSON.stringify(others).replaceAll(
    /("\w*[eE]ventId":)"(\d+)"/g,
    (_, member: string, id: string) => `${member}"${numbers.get(id) ?? id}"`,
  );
  return { events: JSON.parse(renumbered) as CapturedEvent[] };
}

describe('captured histories', () => {
  test('exist for a run of every kind', () => {
    const kinds = [
      'cancelled',
      'continuation',
      'continued',
      'empty',
      'outlived',
      'plain',
      'resumed',
      'retried',
      'schedule',
      'schedule-continuation',
    ];
    expect(NAMES).toEqual(expect.arrayContaining([...kinds, 'second-attempt', 'tampered', 'verify']));
  });

  test.each(NAMES)('%s replays on the current workflow code', (name) => {
    expect([replayed.has(name), replayed.get(name)]).toEqual([true, undefined]);
  });

  test.each(NAMES)(
    '%s replays with traces turned on, so they can be turned on while runs are open',
    (name) => {
      expect([replayed.has(traced(name)), replayed.get(traced(name))]).toEqual([true, undefined]);
    },
  );

  test.each(NAMES)('%s does not replay when one of its activities is another one', (name) => {
    expect(replayed.get(altered(name))).toBeInstanceOf(DeterminismViolationError);
  });

  test('a history that lacks an activity does not replay', () => {
    expect(replayed.get(LACKING)).toBeInstanceOf(DeterminismViolationError);
  });

  test.each(NAMES)('%s holds references and digests, and no content of a record', (name) => {
    const payloads = payloadsOf(read(name));
    expect(payloads.length).toBeGreaterThan(3);
    expect(membersOf(payloads).filter((member) => !KNOWN_MEMBERS.has(member))).toEqual([]);
  });

  test('a payload with a record in it is noticed', () => {
    const [record] = auditTrail(1, 0, 1);
    const data = Buffer.from(JSON.stringify({ records: [record] })).toString('base64');
    const members = membersOf(payloadsOf({ metadata: {}, data }));
    expect(members.some((member) => !KNOWN_MEMBERS.has(member))).toBe(true);
  });

  test.each(NAMES)('%s contains no credential', (name) => {
    const history = read(name);
    const text = JSON.stringify(history) + JSON.stringify(payloadsOf(history));
    expect(text).not.toMatch(/hvs\.|bearer |:\/\/[^/"]*@|secret|password|token"?:"?(hvs|s\.)/i);
  });
});
