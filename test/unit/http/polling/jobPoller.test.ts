import { JobPoller, type JobState } from '../../../../src/http/polling/jobPoller';
import { deferred } from '../../../harness/deferred';

const RUNNING = { job: { status: 'running' } } as JobState;

/** A poller whose pauses all end together, half a second later. */
function setUp() {
  const state = { nowMs: 0, loads: 0, tick: deferred<void>() };
  const poller = new JobPoller({
    nowMs: () => state.nowMs,
    loadJobState: async () => {
      state.loads++;
      return RUNNING;
    },
    pause: () => state.tick.promise,
  });
  const halfASecondLater = () => {
    const { tick } = state;
    state.nowMs += 500;
    state.tick = deferred<void>();
    tick.resolve();
  };
  return { poller, state, halfASecondLater, signal: new AbortController().signal };
}

test('the poller loads a job once in half a second, however many follow it', async () => {
  const { poller, state, halfASecondLater, signal } = setUp();
  const followers = Array.from({ length: 50 }, () => poller.follow('job-1', signal));
  await Promise.all(followers.map((follower) => follower.next()));
  const next = Promise.all(followers.map((follower) => follower.next()));
  halfASecondLater();
  await next;
  expect(state.loads).toBe(2);
});

test('the poller loads a job anew once its last follower has left', async () => {
  const { poller, state, signal } = setUp();
  for (let times = 1; times <= 3; times++) {
    const follower = poller.follow('job-1', signal);
    await follower.next();
    await follower.return();
    expect(state.loads).toBe(times);
  }
});

test('a follower whose signal is aborted gets no further state', async () => {
  const { poller, halfASecondLater } = setUp();
  const leave = new AbortController();
  const follower = poller.follow('job-1', leave.signal);
  await follower.next();
  const next = follower.next();
  leave.abort();
  halfASecondLater();
  await expect(next).resolves.toEqual({ done: true, value: undefined });
});
