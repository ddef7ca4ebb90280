import type { Progress } from '../../../src/contract/snapshot';
import { showProgress } from '../../../src/cli/progress';

function logProgress() {
  const lines: string[] = [];
  const clock = { ms: 0 };
  const stream = { isTTY: false, write: (line: string) => lines.push(line) > 0 };
  return { lines, clock, display: showProgress(stream as unknown as NodeJS.WriteStream, () => clock.ms) };
}

test('without a terminal, a stage is one line every ten seconds, with its rate and the time left', () => {
  const { lines, clock, display } = logProgress();
  for (clock.ms = 0; clock.ms <= 20_000; clock.ms += 1_000) display.update('sealing', clock.ms, 40_000);
  expect(lines).toEqual([
    'sealing     0 of 40000 records\n',
    'sealing     10000 of 40000 records, 1000 records/s, 30 s left\n',
    'sealing     20000 of 40000 records, 1000 records/s, 20 s left\n',
  ]);
});

test('a new stage is printed at once, and its rate starts again', () => {
  const { lines, clock, display } = logProgress();
  display.update('sealing', 5_000, undefined);
  clock.ms = 10;
  display.update('marking', 0, undefined);
  expect(lines).toEqual(['sealing     5000 records\n', 'marking     0 records\n']);
});

test.each([
  ['sealing', 7],
  ['marking', 3],
  ['recording', 3],
] as const)('while a run is %s, %i records are shown as done', (stage, done) => {
  const { lines, display } = logProgress();
  display.updateRun({ stage, stored: 7, marked: 3, expected: 9 } as Progress);
  expect(lines).toEqual([`${stage.padEnd(11)} ${done} of 9 records\n`]);
});
