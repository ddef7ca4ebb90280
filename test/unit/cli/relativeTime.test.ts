import { relativeTime } from '../../../src/cli/relativeTime';

const NOW = Date.parse('2026-03-01T12:00:00Z');

test.each([
  ['2026-03-01T12:00:00Z', '0 seconds ago'],
  ['2026-03-01T11:59:01Z', '59 seconds ago'],
  ['2026-03-01T11:00:01Z', '59 minutes ago'],
  ['2026-02-28T12:00:00Z', '1 day ago'],
  ['2025-03-01T12:00:00Z', '1 year ago'],
  ['2033-03-01T12:00:00Z', 'in 7 years'],
])('%s is %s', (instant, words) => {
  expect(relativeTime(instant, NOW)).toBe(words);
});
