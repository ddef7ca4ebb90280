import type { AuditSnapshotResult, Progress, SnapshotHandle } from '../../../src/client';
import { followRun, noteSilence } from '../../../src/cli/followRun';
import { SnapshotError } from '../../../src/errors';

const RESULT = { recordCount: 7, snapshotId: 'snap-a', findingCount: 0 } as AuditSnapshotResult;

/** A run that yields one progress, then waits until it is aborted or `end` gives its outcome. */
function handleOf(end: (signal: AbortSignal) => Promise<AuditSnapshotResult>): SnapshotHandle {
  return {
    jobId: 'a',
    workflowId: 'audit-snapshot/a',
    async *follow({ signal }: { signal: AbortSignal }) {
      yield { stage: 'sealing', stored: 1 } as Progress;
      await end(signal).catch(() => signal.throwIfAborted());
    },
    wait: ({ signal }: { signal: AbortSignal }) => end(signal),
  } as unknown as SnapshotHandle;
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
    process.emit('SIGINT');
  });
}

describe('following a run in the terminal', () => {
  let results: string[] = [];
  const output = { result: (text: string) => void results.push(text), note: () => undefined };

  beforeEach(() => {
    results = [];
    jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  });
  afterEach(() => jest.restoreAllMocks());

  test('a run that succeeds is printed with its result', async () => {
    await expect(
      followRun(
        handleOf(() => Promise.resolve(RESULT)),
        true,
        output,
      ),
    ).resolves.toBe(0);
    expect(results.map((text) => JSON.parse(text) as unknown)).toEqual([
      { jobId: 'a', status: 'succeeded', result: RESULT },
    ]);
  });

  test('a run that fails rejects with its own code', async () => {
    const failed = handleOf(() => Promise.reject(new SnapshotError('TAMPER_FOUND', 'altered')));
    await expect(followRun(failed, true, output)).rejects.toMatchObject({ code: 'TAMPER_FOUND' });
    expect(results).toEqual([]);
  });

  test('Ctrl-C leaves the run alone, prints its id, and ends with 0', async () => {
    await expect(followRun(handleOf(abortOf), true, output)).resolves.toBe(0);
    expect(results.map((text) => JSON.parse(text) as unknown)).toEqual([
      { jobId: 'a', workflowId: 'audit-snapshot/a', status: 'running' },
    ]);
    expect(process.listenerCount('SIGINT')).toBe(0);
  });
});

test('each reason why a call is tried again is noted once', async () => {
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
  const notes: string[] = [];
  const steps = ['full', 'full', undefined, 'full', 'gone'].map((retrying) => ({
    stage: 'sealing',
    stored: 1,
    ...(retrying === undefined ? {} : { retrying }),
  }));
  const handle = {
    jobId: 'a',
    async *follow() {
      yield* steps;
    },
    wait: () => Promise.resolve(RESULT),
  } as unknown as SnapshotHandle;
  await followRun(handle, true, { result: () => undefined, note: (line) => void notes.push(line) });
  expect(notes).toEqual(['full', 'full', 'gone'].map((why) => `a call is tried again: ${why}`));
  jest.restoreAllMocks();
});

describe('the note on silence', () => {
  let nowMs = 0;
  let notes: string[] = [];
  const startSilence = () =>
    noteSilence(
      (line) => notes.push(line),
      () => nowMs,
    );

  beforeEach(() => {
    nowMs = 0;
    notes = [];
  });

  test('ten seconds without an answer are noted once, with what to check', () => {
    const onAnswer = startSilence();
    for (nowMs = 0; nowMs < 10_000; nowMs += 500) onAnswer(false);
    expect(notes).toEqual([]);
    for (; nowMs < 30_000; nowMs += 500) onAnswer(false);
    expect(notes).toEqual([expect.stringMatching(/audit-snapshot worker .*TEMPORAL_TASK_QUEUE/)]);
  });

  test('an answer ends the silence, and the next silence is noted again', () => {
    const onAnswer = startSilence();
    nowMs = 9_000;
    onAnswer(true);
    nowMs = 18_000;
    onAnswer(false);
    expect(notes).toHaveLength(0);
    nowMs = 19_000;
    onAnswer(false);
    onAnswer(true);
    nowMs = 29_000;
    onAnswer(false);
    expect(notes).toHaveLength(2);
  });
});
