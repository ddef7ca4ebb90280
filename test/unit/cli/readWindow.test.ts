import { instantsOf, readWindow } from '../../../src/cli/readWindow';

const NOW = Date.parse('2026-03-01T00:30:00Z');

test.each([
  ['2026-02-28', '2026-02-28'],
  ['2028-02-29', '2028-02-29'],
  ['today', '2026-03-01'],
  ['yesterday', '2026-02-28'],
])('--day %s is the first to the last millisecond of this UTC day', (day, date) => {
  expect(instantsOf({ day }, NOW)).toEqual({ from: `${date}T00:00:00.000Z`, to: `${date}T23:59:59.999Z` });
});

test.each(['2026-02-30', '2026-13-01', '2026-1-1', '20260101', 'tomorrow', '+02026-01-01', ''])(
  '--day "%s" is refused',
  (day) => {
    expect(() => readWindow({ day })).toThrow('--day is not a date such as 2026-01-31');
  },
);

test('--day does not go with --from or --to, which go together', () => {
  const [from, to] = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'];
  expect(() => readWindow({ day: 'today', from })).toThrow('give either it or them');
  expect(() => readWindow({ day: 'today', to })).toThrow('give either it or them');
  expect(() => readWindow({ from })).toThrow('--from and --to go together');
  expect(readWindow({})).toBeUndefined();
  expect(readWindow({ from, to })).toMatchObject({ from: '2026-01-01T00:00:00.000Z' });
});
