import { checkSchedule } from '../../../src/schedule/checkSchedule';
import {
  DEFAULT_POLICY,
  describeCadence,
  describeSettings,
  differences,
  type ScheduleSettings,
} from '../../../src/schedule/scheduleSettings';
import { toSpec } from '../../../src/schedule/scheduleSpec';
import type { AuditScheduleInput } from '../../../src/contract/schedule';

const hourly: AuditScheduleInput = {
  scheduleId: 'hourly',
  everySeconds: 3600,
  startAt: '2026-03-01T00:00:00.000Z',
};
const nightly: AuditScheduleInput = {
  scheduleId: 'nightly',
  cron: '*/30 1-3 1 jan mon',
  timezone: 'Europe/Berlin',
  startAt: '2026-03-01T00:00:00.000Z',
};
const settings: ScheduleSettings = { ...DEFAULT_POLICY, input: hourly };

const one = (value: number) => ({ start: value, end: value, step: 1 });

describe('the settings of a schedule', () => {
  test('are equal whether a default is left out or given', () => {
    const named = {
      ...hourly,
      offsetSeconds: 0,
      settleSeconds: 300,
      lookbackSeconds: 86_400,
      onTamper: 'seal',
      maxAttempts: 3,
      timeoutSeconds: 3600,
    } as const;
    expect(differences(settings, { ...settings, input: named })).toEqual([]);
  });

  test('differ by name, with both values', () => {
    const other = { ...settings, overlap: 'skip', input: { ...nightly, scheduleId: 'hourly' } } as const;
    expect(differences(settings, other)).toEqual(
      expect.arrayContaining([
        'everySeconds: 3600 → none',
        'cron: none → */30 1-3 1 jan mon',
        'overlap: buffer-one → skip',
      ]),
    );
  });

  test('are described in one sentence', () => {
    expect(describeSettings(settings)).toBe(
      'Seals the audit log from 2026-03-01T00:00:00.000Z on, windows end every 1h; each is sealed 5m after its end, together with records that arrived late in the 1d before it.',
    );
    expect(describeCadence({ ...hourly, offsetSeconds: 600 })).toBe('every 1h, 10m past');
    expect(describeCadence(nightly)).toBe('at */30 1-3 1 jan mon in Europe/Berlin');
    const never = { ...settings, input: { ...hourly, lookbackSeconds: 0 } };
    expect(describeSettings(never)).toContain('records that arrive late are not sealed');
  });

  test('become the times that Temporal starts runs at', () => {
    expect(toSpec({ ...hourly, offsetSeconds: 60 })).toEqual({
      startAt: new Date(hourly.startAt),
      intervals: [{ every: 3_600_000, offset: 60_000 }],
    });
    expect(toSpec(nightly)).toEqual({
      startAt: new Date(nightly.startAt),
      timezone: 'Europe/Berlin',
      calendars: [
        {
          minute: [one(0), one(30)],
          hour: [{ start: 1, end: 3, step: 1 }],
          dayOfMonth: [one(1)],
          month: ['JANUARY'],
          dayOfWeek: ['MONDAY'],
          comment: nightly.cron,
        },
      ],
    });
  });

  test.each<[string, object]>([
    ['an id with capitals', { scheduleId: 'Hourly' }],
    ['no start', { startAt: undefined }],
    ['a start between two seconds', { startAt: '2026-03-01T00:00:00.500Z' }],
    ['a start without an offset', { startAt: '2026-03-01T00:00:00' }],
    ['a negative settle time', { settleSeconds: -1 }],
    ['a lookback that is not a number', { lookbackSeconds: '1d' }],
    ['an unknown policy', { onTamper: 'ignore' }],
  ])('with %s are refused', (_what, members) => {
    expect(() => checkSchedule({ ...hourly, ...members })).toThrow(
      expect.objectContaining({ code: 'PAYLOAD_INVALID' }),
    );
  });
});
