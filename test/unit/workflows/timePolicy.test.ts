import { LongJob } from '../../harness/longJob';

/** Assumed rates: together 7,400 records a second, so that three hours are 80 million records. */
const STORED_PER_SECOND = 12_000;
const MARKED_PER_SECOND = 19_300;
const CHUNK = 32_768;
const HOUR_MS = 3_600_000;

const MEASURED = {
  chunkRecords: CHUNK,
  storeSeconds: CHUNK / STORED_PER_SECOND,
  hashSeconds: CHUNK / STORED_PER_SECOND,
  // Three chunks are marked at the same time.
  markSeconds: (3 * CHUNK) / MARKED_PER_SECOND,
};
/** Chunks of ten minutes each for storing and hashing: five or six in an attempt. */
const SLOW = { records: 12, chunkRecords: 1, storeSeconds: 600, hashSeconds: 600, markSeconds: 600 };

test('a window of 100 million records is sealed under the default policy, in more attempts than three', async () => {
  const job = new LongJob({ ...MEASURED, records: 100_000_000, continueAfter: 4_000 });
  const startMs = job.nowMs();
  expect(await job.run()).toMatchObject({ recordCount: 100_000_000 });
  expect(job.marked.size).toBe(Math.ceil(100_000_000 / CHUNK));
  expect(job.attempts).toBeGreaterThan(3);
  expect(job.progress.at(-1)).toMatchObject({ stage: 'done', idleAttempts: 0 });
  expect(job.executions).toBeGreaterThan(1);
  expect(job.nowMs() - startMs).toBeGreaterThan(3 * HOUR_MS);
  expect(job.nowMs() - startMs).toBeLessThan(5 * HOUR_MS);
}, 60_000);

test('ten times as many records, and a tenth of the speed, only take longer', async () => {
  const slower = { storeSeconds: 30, hashSeconds: 30, markSeconds: 50 };
  const job = new LongJob({ chunkRecords: CHUNK, records: 100_000_000, ...slower, continueAfter: 4_000 });
  expect(await job.run()).toMatchObject({ recordCount: 100_000_000 });
  expect(job.attempts).toBeGreaterThan(30);
}, 60_000);

test('attempts without progress are counted, whether or not there were others in between', async () => {
  let calls = 0;
  const job = new LongJob({
    ...SLOW,
    records: 100,
    // Attempts 2, 4 and 5 fail at once; 1 and 3 move the state forward.
    before: (name) => {
      if (name === 'openSnapshot' && [2, 4, 5].includes(++calls)) throw new Error('no storage');
    },
  });
  await expect(job.run()).rejects.toMatchObject({ type: 'STORAGE_FAILED' });
  expect(job.attempts).toBe(5);
  expect(job.hashed).toBeGreaterThan(5);
});

test('an attempt that fails after it stored a chunk uses none up, and one that stores nothing does', async () => {
  const failures = new Map<number, number>();
  const job = new LongJob({
    ...SLOW,
    // Chunks 2 and 4 fail once each, chunk 6 for ever.
    before: (name, chunk) => {
      const tries = (failures.get(chunk) ?? 0) + 1;
      if (name !== 'hashBatch' || ![2, 4, 6].includes(chunk)) return;
      failures.set(chunk, tries);
      if (chunk === 6 || tries === 1) throw new Error(`chunk ${chunk}`);
    },
  });
  await expect(job.run()).rejects.toMatchObject({ type: 'STORAGE_FAILED', message: 'Error: chunk 6' });
  // 1 and 2 end with progress, 3 with chunks 4 and 5; the three after it with none.
  expect([job.hashed, job.attempts]).toEqual([6, 6]);
});

test('marking other chunks again is no progress: a chunk that can never be marked ends the job', async () => {
  const job = new LongJob({
    ...SLOW,
    markSeconds: 1,
    before: (name, chunk) => {
      if (name === 'markImmutable' && chunk === 4) throw new Error('chunk 4');
    },
  });
  await expect(job.run()).rejects.toMatchObject({ message: 'Error: chunk 4' });
  const idle = job.progress.at(-1)!.idleAttempts!;
  expect([idle, job.marked.has(5), job.marked.has(4)]).toEqual([2, true, false]);
  expect(job.attempts).toBeLessThan(8);
});

test('what an earlier run of the job made durable is no progress of a later run', async () => {
  const job = new LongJob({
    ...SLOW,
    before: (name, chunk) => {
      if (name === 'hashBatch' && chunk === 6) throw new Error('chunk 6');
    },
  });
  await expect(job.run()).rejects.toThrow('chunk 6');
  job.progress.length = 0;
  await expect(job.run()).rejects.toThrow('chunk 6');
  expect(job.attempts).toBe(3);
});

test('the number of attempts and their time are those of the input', async () => {
  const never = { before: (name: string) => void (name === 'openSnapshot' && fail()) };
  const job = new LongJob({ ...SLOW, ...never });
  await expect(job.run({ maxAttempts: 5 })).rejects.toMatchObject({ type: 'STORAGE_FAILED' });
  expect(job.attempts).toBe(5);

  // An attempt shorter than a chunk never makes progress.
  const short = new LongJob(SLOW);
  await expect(short.run({ maxAttempts: 2, timeoutSeconds: 300 })).rejects.toMatchObject({
    type: 'ATTEMPT_TIMED_OUT',
  });
  expect(short.attempts).toBe(2);
});

test('a job with a limit of its own ends there with JOB_TIMED_OUT, although it makes progress', async () => {
  const job = new LongJob({ ...SLOW, records: 1_000 });
  const startMs = job.nowMs();
  await expect(job.run({ totalTimeoutSeconds: 9_000 })).rejects.toMatchObject({
    type: 'JOB_TIMED_OUT',
    message: expect.stringContaining('9000 s') as string,
  });
  expect(job.nowMs() - startMs).toBeGreaterThanOrEqual(9_000_000);
  expect(job.nowMs() - startMs).toBeLessThan(9_010_000);
  expect(job.attempts).toBe(3);
});

test('the limit and the attempts of a job are counted across continue-as-new', async () => {
  const limited = new LongJob({ ...SLOW, records: 1_000, continueAfter: 4 });
  const startMs = limited.nowMs();
  await expect(limited.run({ totalTimeoutSeconds: 9_000 })).rejects.toMatchObject({ type: 'JOB_TIMED_OUT' });
  expect(limited.executions).toBeGreaterThan(2);
  expect(limited.nowMs() - startMs).toBeLessThan(9_010_000);

  const finished = new LongJob({ ...SLOW, continueAfter: 4 });
  expect(await finished.run()).toMatchObject({ recordCount: 12 });
  expect(finished.progress.at(-1)).toMatchObject({ idleAttempts: 0 });
  expect(finished.attempts).toBeGreaterThan(2);
});

test.each([
  { maxAttempts: 0 },
  { timeoutSeconds: 1.5 },
  { totalTimeoutSeconds: 0 },
  { totalTimeoutSeconds: 1e12 },
  { maxAttempts: '3' as unknown as number },
])('a policy of %j is PAYLOAD_INVALID before anything is opened', async (policy) => {
  const job = new LongJob(SLOW);
  await expect(job.run(policy)).rejects.toMatchObject({ type: 'PAYLOAD_INVALID' });
  expect(job.progress).toEqual([]);
});

function fail(): never {
  throw new Error('refused');
}
