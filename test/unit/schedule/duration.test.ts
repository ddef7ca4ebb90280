import * as fc from 'fast-check';
import { formatDuration, parseDuration } from '../../../src/schedule/duration';

describe('a duration', () => {
  test.each([
    ['90s', 90],
    ['15m', 900],
    ['1h', 3600],
    ['1d', 86_400],
    ['1h30m', 5400],
    ['1d1h1m1s', 90_061],
    ['0s', 0],
  ])('%s is %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  test.each(['', '1', '1 h', '1H', '-1h', '1.5h', '30m1h', '1h 30m', '1w', '1h1h', 'PT1H'])(
    '%j is refused',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  test('is spelled so that it is read back as the same seconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 * 366 * 86_400 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds))).toBe(seconds);
      }),
    );
  });
});
