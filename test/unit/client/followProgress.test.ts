import { followProgress, type FollowedRun } from '../../../src/client/followProgress';
import type { Progress } from '../../../src/contract/snapshot';
import { deferred } from '../../harness/deferred';

const at = (hashed: number) => ({ stage: 'sealing', hashed }) as Progress;

/** A run with scripted progress; `end` ends it. */
function setUp(answers: readonly (Progress | Error)[]) {
  const ended = deferred<void>();
  const state = { asked: 0, left: false };
  const run: FollowedRun = {
    progress: async () => {
      const answer = answers[Math.min(state.asked++, answers.length - 1)]!;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    ended: (signal) => {
      signal.addEventListener('abort', () => {
        state.left = true;
        ended.reject(signal.reason as Error);
      });
      return ended.promise;
    },
  };
  return { run, state, end: () => ended.resolve(), fail: (error: Error) => ended.reject(error) };
}

describe('following a run', () => {
  test('following a run yields every change once, despite failed queries, and the last state after the end', async () => {
    const answers = [at(1), at(1), new Error('no worker'), at(2), at(3)];
    const { run, state, end } = setUp(answers);
    const seen: number[] = [];
    for await (const { hashed } of followProgress(run, { intervalMs: 0 })) {
      seen.push(hashed);
      if (hashed === 2) end();
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(state).toEqual({ asked: 5, left: true });
  });

  test('the caller learns of each query whether a worker answered it', async () => {
    const { run, end } = setUp([at(1), new Error('no worker'), at(2)]);
    const answers: boolean[] = [];
    const onAnswer = (answered: boolean) => answers.push(answered);
    for await (const { hashed } of followProgress(run, { intervalMs: 0, onAnswer })) if (hashed === 2) end();
    expect(answers.slice(0, 3)).toEqual([true, false, true]);
  });

  test('following a run that has ended yields its last state and ends', async () => {
    const { run, end } = setUp([at(7)]);
    end();
    const seen: number[] = [];
    for await (const { hashed } of followProgress(run, { intervalMs: 60_000 })) seen.push(hashed);
    expect(seen).toEqual([7]);
  });

  test('a run whose queries all fail is followed to its end', async () => {
    const { run, state, end } = setUp([new Error('no worker')]);
    const seen: Progress[] = [];
    queueMicrotask(end);
    for await (const progress of followProgress(run, { intervalMs: 60_000 })) seen.push(progress);
    expect(seen).toEqual([]);
    expect(state.asked).toBeGreaterThan(0);
  });

  test('leaving the loop stops waiting for the end of the run', async () => {
    const { run, state } = setUp([at(1)]);
    for await (const _ of followProgress(run, { intervalMs: 60_000 })) break;
    expect(state.left).toBe(true);
  });

  test('an aborted signal ends the loop with the reason of the signal', async () => {
    const { run } = setUp([at(1)]);
    const leave = new AbortController();
    const following = (async () => {
      for await (const _ of followProgress(run, { intervalMs: 60_000, signal: leave.signal }))
        leave.abort(new Error('gone'));
    })();
    await expect(following).rejects.toThrow('gone');
  });

  test('a failure to determine the end of the run ends the loop with that failure', async () => {
    const { run, fail } = setUp([at(1)]);
    const following = (async () => {
      for await (const _ of followProgress(run, { intervalMs: 60_000 })) fail(new Error('unreachable'));
    })();
    await expect(following).rejects.toThrow('unreachable');
  });
});
