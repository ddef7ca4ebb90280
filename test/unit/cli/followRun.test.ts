import { noteSilence } from '../../../src/cli/followRun';

let nowMs = 0;
let notes: string[] = [];
const listen = () =>
  noteSilence(
    (line) => notes.push(line),
    () => nowMs,
  );

beforeEach(() => {
  nowMs = 0;
  notes = [];
});

test('ten seconds without an answer are told once, with what to look at', () => {
  const heard = listen();
  for (nowMs = 0; nowMs < 10_000; nowMs += 500) heard(false);
  expect(notes).toEqual([]);
  for (; nowMs < 30_000; nowMs += 500) heard(false);
  expect(notes).toEqual([expect.stringMatching(/audit-snapshot worker .*TEMPORAL_TASK_QUEUE/)]);
});

test('a worker that answers begins the silence anew, and the next one is told again', () => {
  const heard = listen();
  nowMs = 9_000;
  heard(true);
  nowMs = 18_000;
  heard(false);
  expect(notes).toHaveLength(0);
  nowMs = 19_000;
  heard(false);
  heard(true);
  nowMs = 29_000;
  heard(false);
  expect(notes).toHaveLength(2);
});
