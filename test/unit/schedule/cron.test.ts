import { parseCron } from '../../../src/schedule/cron';

const all = (low: number, high: number) =>
  Array.from({ length: high - low + 1 }, (_, offset) => low + offset);

describe('a cron expression', () => {
  test.each([
    ['* * * * *', 'minutes', all(0, 59)],
    ['*/15 * * * *', 'minutes', [0, 15, 30, 45]],
    ['5,1,5 * * * *', 'minutes', [1, 5]],
    ['50/4 * * * *', 'minutes', [50, 54, 58]],
    ['0 8-18/5 * * *', 'hours', [8, 13, 18]],
    ['0 0 1,31 * *', 'daysOfMonth', [1, 31]],
    ['0 0 * feb,APR-Jun *', 'months', [2, 4, 5, 6]],
    ['0 0 * * mon-FRI', 'daysOfWeek', [1, 2, 3, 4, 5]],
    ['0 0 * * 7', 'daysOfWeek', [0]],
    ['0 0 * * 5-7', 'daysOfWeek', [0, 5, 6]],
    ['0 0 * * *', 'daysOfWeek', all(0, 6)],
    ['0 0 * * */2', 'daysOfWeek', [0, 2, 4, 6]],
    ['@hourly', 'minutes', [0]],
    [' @Daily ', 'hours', [0]],
    ['@weekly', 'daysOfWeek', [0]],
    ['@monthly', 'daysOfMonth', [1]],
    ['@yearly', 'months', [1]],
  ] as const)('%s has the %s %j', (text, member, values) => {
    expect(parseCron(text)[member]).toEqual(values);
  });

  test.each([
    '',
    '0 0 * *',
    '0 0 * * * *',
    '60 * * * *',
    '-1 * * * *',
    '0 24 * * *',
    '0 0 0 * *',
    '0 0 32 * *',
    '0 0 * 13 *',
    '0 0 * * 8',
    '0 0 * * mond',
    '5-1 * * * *',
    '1-2-3 * * * *',
    '*-5 * * * *',
    '*/0 * * * *',
    '1/ * * * *',
    ', * * * *',
    '0x1 * * * *',
    '1.5 * * * *',
    '@every 5m',
    '@reboot',
  ])('%j is refused', (text) => {
    expect(() => parseCron(text)).toThrow(expect.objectContaining({ code: 'PAYLOAD_INVALID' }));
  });

  test('is refused with the name of the wrong field', () => {
    expect(() => parseCron('0 0 * 13 *')).toThrow('"13" is not a valid month');
  });
});
