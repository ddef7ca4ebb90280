import * as fc from 'fast-check';
import {
  boundsOf,
  contains,
  formatInstant,
  overlaps,
  parseInstantMs,
  parseWindow,
  windowOf,
} from '../../../src/contract/window';
import type { SnapshotError } from '../../../src/errors';

const NOW = Date.parse('2026-06-01T00:00:00Z');

describe('parseInstantMs', () => {
  test.each([
    ['2026-01-31T00:00:00Z', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T02:30+02:30', '2026-01-31T00:00:00.000Z'],
    ['2024-02-29T23:59:59.999Z', '2024-02-29T23:59:59.999Z'],
    ['2026-01-31T00:00:00.1-00:30', '2026-01-31T00:30:00.100Z'],
  ])('%s is %s', (text, canonical) => {
    expect(new Date(parseInstantMs(text)!).toISOString()).toBe(canonical);
  });

  test.each([
    ['no offset', '2026-01-31T00:00:00'],
    ['no time', '2026-01-31'],
    ['30 February', '2026-02-30T00:00:00Z'],
    ['29 February of a common year', '2025-02-29T00:00:00Z'],
    ['month 13', '2026-13-01T00:00:00Z'],
    ['month 0', '2026-00-01T00:00:00Z'],
    ['hour 24', '2026-01-31T24:00:00Z'],
    ['minute 60', '2026-01-31T00:60:00Z'],
    ['a leap second', '2026-06-30T23:59:60Z'],
    ['an offset of 24 hours', '2026-01-31T00:00:00+24:00'],
    ['finer than a millisecond', '2026-01-31T00:00:00.0001Z'],
    ['a lowercase designator', '2026-01-31t00:00:00z'],
    ['leading space', ' 2026-01-31T00:00:00Z'],
    ['a trailing newline', '2026-01-31T00:00:00Z\n'],
    ['a six-digit year', '+002026-01-31T00:00:00Z'],
    ['a number', '1767225600000'],
    ['nothing', ''],
  ])('%s is refused', (_, text) => {
    expect(parseInstantMs(text)).toBeUndefined();
  });

  test('every canonical instant reads as itself', () => {
    const instants = fc.integer({ min: 0, max: 253_402_300_799_999 });
    fc.assert(fc.property(instants, (ms) => parseInstantMs(new Date(ms).toISOString()) === ms));
  });
});

const refusal = (from: string, to: string, nowMs = NOW): SnapshotError => {
  try {
    parseWindow(from, to, nowMs);
  } catch (error) {
    return error as SnapshotError;
  }
  throw new Error('the window was accepted');
};

describe('parseWindow', () => {
  test('a window of one millisecond is a window', () => {
    expect(parseWindow('2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', NOW)).toEqual({
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-01-01T00:00:00.000Z',
    });
  });

  test('ends are ordered as instants, not as text', () => {
    expect(parseWindow('2026-01-01T01:00:00+02:00', '2026-01-01T00:00:00Z', NOW)).toEqual({
      from: '2025-12-31T23:00:00.000Z',
      to: '2026-01-01T00:00:00.000Z',
    });
    expect(refusal('2026-01-01T00:00:00Z', '2026-01-01T01:00:00+02:00')).toMatchObject({
      code: 'WINDOW_INVALID',
      message: 'from "2026-01-01T00:00:00Z" lies after to "2026-01-01T01:00:00+02:00"',
    });
  });

  test('a window that is not over is refused beyond the clock skew, and only beyond it', () => {
    const to = (ms: number) => new Date(NOW + ms).toISOString();
    expect(parseWindow('2026-01-01T00:00:00Z', to(5_000), NOW).to).toBe(to(5_000));
    expect(refusal('2026-01-01T00:00:00Z', to(5_001)).message).toMatch('lies in the future');
  });

  test('a window may lie in the future when the clock is infinite', () => {
    expect(parseWindow('2999-01-01T00:00:00Z', '2999-01-02T00:00:00Z', Infinity).from).toMatch('2999');
  });

  test.each([
    ['from', 'yesterday', '2026-01-01T00:00:00Z'],
    ['to', '2026-01-01T00:00:00Z', '2026-01-02'],
  ])('the error names %s', (member, from, to) => {
    expect(refusal(from, to).message).toMatch(new RegExp(`^${member} is not`));
  });

  test('a long value is cut in the error', () => {
    expect(refusal('x'.repeat(10_000), '2026-01-01T00:00:00Z').message).toHaveLength(149);
  });
});

describe('the arithmetic of windows', () => {
  const instants = fc.integer({ min: 0, max: 253_402_000_000_000 });
  const bounds = fc
    .tuple(instants, fc.integer({ min: 1, max: 1000 }))
    .map(([fromMs, spanMs]) => ({ fromMs, untilMs: fromMs + spanMs }));

  test('half-open bounds and a window are two spellings of one thing', () => {
    fc.assert(fc.property(bounds, (given) => expect(boundsOf(windowOf(given))).toEqual(given)));
    expect(windowOf({ fromMs: 0, untilMs: 1000 }).to).toBe('1970-01-01T00:00:00.999Z');
  });

  test('windows overlap when they share a millisecond, and the order of the two does not matter', () => {
    fc.assert(
      fc.property(bounds, fc.integer({ min: -1100, max: 1100 }), (one, shiftMs) => {
        const other = { fromMs: Math.max(0, one.fromMs + shiftMs), untilMs: one.untilMs + 1100 + shiftMs };
        const shared = Math.max(one.fromMs, other.fromMs) < Math.min(one.untilMs, other.untilMs);
        expect(overlaps(windowOf(one), windowOf(other))).toBe(shared);
        expect(overlaps(windowOf(other), windowOf(one))).toBe(shared);
      }),
    );
  });

  test('a window contains both of its ends and nothing beyond them', () => {
    const window = windowOf({ fromMs: 1000, untilMs: 2000 });
    const found = [999, 1000, 1999, 2000].map((ms) => contains(window, formatInstant(ms)));
    expect(found).toEqual([false, true, true, false]);
  });
});
