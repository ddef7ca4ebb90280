import * as fc from 'fast-check';
import { parseInstantMs, parseWindow } from '../../../src/contract/window';

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

describe('parseWindow', () => {
  test('a window of one millisecond is a window', () => {
    const outcome = parseWindow('2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z', NOW);
    expect(outcome).toEqual({
      ok: true,
      window: { from: '2026-01-01T00:00:00.000Z', to: '2026-01-01T00:00:00.000Z' },
    });
  });

  test('order counts as an instant, not as text', () => {
    expect(parseWindow('2026-01-01T01:00:00+02:00', '2026-01-01T00:00:00Z', NOW).ok).toBe(true);
    expect(parseWindow('2026-01-01T00:00:00Z', '2026-01-01T01:00:00+02:00', NOW)).toEqual({
      ok: false,
      reason: 'from "2026-01-01T00:00:00Z" lies after to "2026-01-01T01:00:00+02:00"',
    });
  });

  test('a window that is not over is refused beyond the clock skew, and only beyond it', () => {
    const to = (ms: number) => new Date(NOW + ms).toISOString();
    expect(parseWindow('2026-01-01T00:00:00Z', to(5_000), NOW).ok).toBe(true);
    expect(parseWindow('2026-01-01T00:00:00Z', to(5_001), NOW)).toMatchObject({ ok: false });
  });

  test.each([
    ['from', 'yesterday', '2026-01-01T00:00:00Z'],
    ['to', '2026-01-01T00:00:00Z', '2026-01-02'],
  ])('the reason names %s', (member, from, to) => {
    expect(parseWindow(from, to, NOW)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(`^${member} is not`),
    });
  });

  test('a long value is cut in the reason', () => {
    const outcome = parseWindow('x'.repeat(10_000), '2026-01-01T00:00:00Z', NOW);
    expect(outcome.ok ? '' : outcome.reason).toHaveLength(149);
  });
});
