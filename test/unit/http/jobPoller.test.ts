import { JobPoller, type JobState } from '../../../src/http/polling/jobPoller';
import { deferred } from '../../harness/deferred';

const RUNNING = { job: { status: 'running' } } as JobState;

/** A watch whose pauses all end together, half a second later. */
function makeWatch() {
  const state = { nowMs: 0, looks: 0, pausing: 0, tick: deferred<void>() };
  const watch = new JobPoller({
    nowMs: () => state.nowMs,
    see: async () => {
      state.looks++;
      return RUNNING;
    },
    pause: async () => {
      state.pausing++;
      await state.tick.promise;
    },
  });
  const halfASecondLater = () => {
    const { tick } = state;
    state.nowMs += 500;
    state.tick = deferred<void>();
    tick.resolve();
  };
  return { watch, state, halfASecondLater };
}

describe('those who wait for jobs', () => {
  test('a job is read once in half a second, however many wait for it', async () => {
    const { watch, state, halfASecondLater } = makeWatch();
    const { signal } = watch.sit('a');
    const followers = Array.from({ length: 50 }, () => watch.follow('job-1', signal));
    await Promise.all(followers.map((follower) => follower.next()));
    const next = Promise.all(followers.map((follower) => follower.next()));
    halfASecondLater();
    await next;
    expect(state.looks).toBe(2);
  });

  test('once everybody has gone a job is read anew', async () => {
    const { watch, state } = makeWatch();
    const { signal } = watch.sit('a');
    for (let times = 1; times <= 3; times++) {
      const follower = watch.follow('job-1', signal);
      await follower.next();
      await follower.return(undefined);
      expect(state.looks).toBe(times);
    }
  });

  test('one caller has a hundred places and all together five hundred; who leaves makes room', () => {
    const { watch } = makeWatch();
    const seats = Array.from({ length: 100 }, () => watch.sit('a'));
    expect(() => watch.sit('a')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
    seats[0]!.leave();
    watch.sit('a');
    for (const name of ['b', 'c', 'd', 'e']) for (let at = 0; at < 100; at++) watch.sit(name);
    expect(() => watch.sit('f')).toThrow(expect.objectContaining({ code: 'OVERLOADED' }));
  });

  test('when it closes everybody is sent away, and who comes later as well', async () => {
    const { watch } = makeWatch();
    const seat = watch.sit('a');
    const follower = watch.follow('job-1', seat.signal);
    await follower.next();
    watch.close();
    expect([seat.signal.aborted, watch.sit('a').signal.aborted]).toEqual([true, true]);
  });
});
