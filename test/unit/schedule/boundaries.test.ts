import * as fc from 'fast-check';
import { boundariesOf, countBoundaries } from '../../../src/schedule/boundaries';
import type { Cadence } from '../../../src/contract/schedule';

const HOUR_MS = 3_600_000;
const at = (text: string) => Date.parse(text);
const iso = (ms: number) => new Date(ms).toISOString();

/** The wall clock of a zone as text, computed in another way than in the code. */
function wallClock(timezone: string): (ms: number) => string {
  const style = { timeZone: timezone, dateStyle: 'short', timeStyle: 'medium' } as const;
  const format = new Intl.DateTimeFormat('sv-SE', style);
  return (ms) => format.format(ms);
}

const cadences: fc.Arbitrary<Cadence> = fc.oneof(
  fc
    .record({ everySeconds: fc.integer({ min: 1, max: 200_000 }), part: fc.integer({ min: 0, max: 999 }) })
    .map(({ everySeconds, part }) => ({ everySeconds, offsetSeconds: part % everySeconds })),
  fc.record({
    cron: fc.constantFrom('0 0 * * *', '30 2 * * *', '*/20 * * * *', '0 1,13 * * mon-fri', '15 3 1 * *'),
    timezone: fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kolkata',
    ),
  }),
);
const instants = fc.integer({ min: at('2025-01-01T00:00:00Z'), max: at('2027-12-31T00:00:00Z') });

describe('the boundaries of an interval', () => {
  test('lie on a grid that starts in 1970, shifted by the offset', () => {
    const { after, upTo } = boundariesOf({ everySeconds: 3600, offsetSeconds: 600 });
    expect(iso(after(at('2026-03-01T00:09:59.999Z')))).toBe('2026-03-01T00:10:00.000Z');
    expect(iso(after(at('2026-03-01T00:10:00Z')))).toBe('2026-03-01T01:10:00.000Z');
    expect(iso(upTo(at('2026-03-01T00:10:00Z')))).toBe('2026-03-01T00:10:00.000Z');
    expect(iso(upTo(at('2026-03-01T00:09:59.999Z')))).toBe('2026-02-28T23:10:00.000Z');
    expect(iso(boundariesOf({ everySeconds: 7 }).upTo(-1))).toBe('1969-12-31T23:59:53.000Z');
  });
});

/** Hours between the midnights after `from`. */
const days = (timezone: string, from: string, count: number) => {
  const { after } = boundariesOf({ cron: '0 0 * * *', timezone });
  const bounds = [after(at(from))];
  for (let day = 0; day < count; day++) bounds.push(after(bounds.at(-1)!));
  return bounds.slice(1).map((ms, day) => (ms - bounds[day]!) / HOUR_MS);
};

describe('the boundaries of a cron expression', () => {
  test.each([
    ['Europe/Berlin', '2026-03-27T12:00:00Z', [24, 23, 24]],
    ['Europe/Berlin', '2026-10-23T12:00:00Z', [24, 25, 24]],
    ['America/New_York', '2026-03-06T12:00:00Z', [24, 23, 24]],
    ['America/New_York', '2026-10-30T12:00:00Z', [24, 25, 24]],
    ['Australia/Lord_Howe', '2026-04-03T00:00:00Z', [24, 24.5, 24]],
    ['UTC', '2026-03-27T12:00:00Z', [24, 24, 24]],
  ])('give days of %s after %s that last %j hours', (timezone, from, hours) => {
    expect(days(timezone, from, 3)).toEqual(hours);
  });

  test('skip the hour that is skipped in spring, and come twice in the hour that is repeated in autumn, as in Temporal', () => {
    const { after } = boundariesOf({ cron: '30 2 * * *', timezone: 'Europe/Berlin' });
    expect(iso(after(at('2026-03-28T12:00:00Z')))).toBe('2026-03-30T00:30:00.000Z');
    const first = after(at('2026-10-24T12:00:00Z'));
    expect([iso(first), iso(after(first))]).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-25T01:30:00.000Z']);
  });

  test('match both the day of the month and the day of the week', () => {
    const { after, upTo } = boundariesOf({ cron: '0 0 29 2 mon' });
    expect(iso(after(at('2026-01-01T00:00:00Z')))).toBe('2044-02-29T00:00:00.000Z');
    expect(iso(upTo(at('2026-01-01T00:00:00Z')))).toBe('2016-02-29T00:00:00.000Z');
  });

  test('are refused when no time matches', () => {
    const { after, upTo } = boundariesOf({ cron: '0 0 31 feb *' });
    expect(() => after(0)).toThrow('matches no time');
    expect(() => upTo(0)).toThrow('matches no time');
  });

  test('are the minutes whose wall clock matches, as a check of every minute of a clock change shows', () => {
    for (const [timezone, from] of [
      ['Europe/Berlin', '2026-03-28T22:00:00Z'],
      ['Europe/Berlin', '2026-10-24T22:00:00Z'],
      ['America/New_York', '2026-11-01T03:00:00Z'],
      ['Australia/Lord_Howe', '2026-10-03T12:00:00Z'],
      ['America/Havana', '2026-11-01T00:00:00Z'],
      ['Asia/Beirut', '2026-03-28T20:00:00Z'],
    ] as const) {
      const { after } = boundariesOf({ cron: '*/10 0-3 * * *', timezone });
      const expected: string[] = [];
      const clock = wallClock(timezone);
      for (let ms = at(from) + 60_000; ms <= at(from) + 30 * HOUR_MS; ms += 60_000) {
        const [, hour, minute] = /(\d\d):(\d\d):00$/.exec(clock(ms)) ?? [];
        if (Number(hour) <= 3 && Number(minute) % 10 === 0) expected.push(iso(ms));
      }
      const found: string[] = [];
      for (let ms = after(at(from)); ms <= at(from) + 30 * HOUR_MS; ms = after(ms)) found.push(iso(ms));
      expect([timezone, found]).toEqual([timezone, expected]);
    }
  });
});

test('no boundary lies between one and the next, whatever the cadence', () => {
  fc.assert(
    fc.property(cadences, instants, (cadence, ms) => {
      const { after, upTo } = boundariesOf(cadence);
      const [before, next] = [upTo(ms), after(ms)];
      expect(before <= ms && ms < next).toBe(true);
      expect(after(before)).toBe(next);
      expect(upTo(next)).toBe(next);
      expect(upTo(next - 1)).toBe(before);
    }),
    { numRuns: 300 },
  );
});

test('boundaries are counted from the first instant, included, to the last, excluded, and up to a limit', () => {
  const hourly = boundariesOf({ everySeconds: 3600 });
  expect(countBoundaries(hourly, 0, 3 * HOUR_MS, 10)).toBe(3);
  expect(countBoundaries(hourly, 1, 3 * HOUR_MS + 1, 10)).toBe(3);
  expect(countBoundaries(hourly, 0, 30 * HOUR_MS, 10)).toBe(10);
});

test.each<[string, Cadence]>([
  ['both kinds', { everySeconds: 60, cron: '@daily' }],
  ['neither kind', {}],
  ['an interval of 0 s', { everySeconds: 0 }],
  ['an interval of half a second', { everySeconds: 0.5 }],
  ['an interval of more than a year', { everySeconds: 400 * 86_400 }],
  ['an offset as long as the interval', { everySeconds: 60, offsetSeconds: 60 }],
  ['an offset for a cron expression', { cron: '@daily', offsetSeconds: 1 }],
  ['a zone for an interval', { everySeconds: 60, timezone: 'UTC' }],
  ['an unknown zone', { cron: '@daily', timezone: 'Europe/Atlantis' }],
])('%s is refused', (_what, cadence) => {
  expect(() => boundariesOf(cadence)).toThrow(expect.objectContaining({ code: 'PAYLOAD_INVALID' }));
});
