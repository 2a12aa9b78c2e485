import { describe, expect, test } from 'vitest';
import { ZoneClock, daysFromCsv, daysFromIcs } from '../../daemon/src/calendar/index.js';
import { cpuMs } from '../support/cpu-time.js';

const options: Parameters<typeof daysFromIcs>[1] = {
  ...{ zone: new ZoneClock('Asia/Shanghai'), language: 'en', makeUpWeekday: 1, nowMs: Date.parse('2027-01-01T00:00Z') },
};
const ics = (...events: string[][]): string =>
  ['BEGIN:VCALENDAR', ...events.flatMap((lines) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT']), 'END:VCALENDAR'].join(
    '\r\n',
  );

describe('iCalendar', () => {
  test('holidays, make-up working days, hours, and days of every year', () => {
    const { days, problems } = daysFromIcs(
      ics(
        ['DTSTART;VALUE=DATE:20270205', 'DTEND;VALUE=DATE:20270212', 'SUMMARY:春节'],
        ['DTSTART;VALUE=DATE:20270214', 'SUMMARY:春节(班)'],
        ['DTSTART;VALUE=DATE:20270101', 'RRULE:FREQ=YEARLY', 'SUMMARY:New Year'],
        ['DTSTART:20270310T020000Z', 'DTEND:20270310T033000Z', 'SUMMARY:Fire drill'],
      ),
      options,
    );
    expect(problems).toEqual([]);
    const whole = { kind: 'closed', hours: [] };
    expect(days).toEqual([
      { name: '春节', date: '2027-02-05', lastDate: '2027-02-11', yearly: false, effect: whole },
      { name: '春节(班)', date: '2027-02-14', lastDate: null, yearly: false, effect: { kind: 'weekday', weekday: 1 } },
      { name: 'New Year', date: '2027-01-01', lastDate: null, yearly: true, effect: whole },
      {
        ...{ name: 'Fire drill', date: '2027-03-10', lastDate: null, yearly: false },
        effect: { kind: 'closed', hours: [{ from: 600, to: 690 }] },
      },
    ]);
  });

  test('what comes again otherwise is read for two years, and not for ever', () => {
    const weekly = daysFromIcs(
      ics(['DTSTART;VALUE=DATE:20200105', 'RRULE:FREQ=MONTHLY;BYDAY=1MO', 'SUMMARY:Stocktaking']),
      options,
    );
    expect(weekly.days.map(({ date }) => date).slice(0, 2)).toEqual(['2026-12-07', '2027-01-04']);
    expect(weekly.days.length).toBeLessThan(30);
    const daily = daysFromIcs(ics(['DTSTART;VALUE=DATE:20270101', 'RRULE:FREQ=DAILY', 'SUMMARY:x']), options);
    expect([daily.days.length, daily.problems.length]).toEqual([400, 1]);
  });

  test('one that is broken is named by its line, and costs no other', () => {
    const text = ics(
      ['SUMMARY:no start'],
      ['DTSTART;VALUE=DATE:2027', 'SUMMARY:x'],
      ['DTSTART;VALUE=DATE:20270501', 'SUMMARY:May'],
    );
    const { days, problems } = daysFromIcs(text, options);
    expect(days.map(({ name }) => name)).toEqual(['May']);
    expect(problems.map(({ line }) => line)).toEqual([2, 5]);
  });

  test.each([
    ['an end that never comes', 'BEGIN:VEVENT\nDTSTART;VALUE=DATE:20270101'],
    ['ten thousand beginnings', 'BEGIN:VEVENT\n'.repeat(10_000)],
    ['a rule by the second', ics(['DTSTART:20000101T000000Z', 'DURATION:PT1M', 'RRULE:FREQ=SECONDLY', 'SUMMARY:x'])],
    [
      'a rule that never fits',
      ics(['DTSTART;VALUE=DATE:20270101', 'RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30', 'SUMMARY:x']),
    ],
    ['a very long line', ics(['DTSTART;VALUE=DATE:20270101', `SUMMARY:${'x'.repeat(200_000)}`])],
    ['no calendar at all', '\0\0PK'],
  ])('hostile: %s', (_, text) => {
    const began = cpuMs();
    const { days, problems } = daysFromIcs(text, options);
    expect(days.length + problems.length).toBeLessThanOrEqual(401);
    expect(cpuMs() - began).toBeLessThan(5000);
  });
});

test('CSV: dates as spreadsheets write them, spans over midnight, faults by line', () => {
  const { days, problems } = daysFromCsv(
    'date,lastDate,name,kind,hours,yearly\n2027/2/5,2027/2/11,春节,休,,\n2027-02-14,,补班,班:5,,\n2027-12-24,,Eve,open,09:00-12:00 22:00-02:00,yes\n2027-02-30,,x,,,\n2027-03-01,,y,open,nine,',
    'en',
    1,
  );
  expect(days.map(({ effect, yearly }) => [effect, yearly])).toEqual([
    [{ kind: 'closed', hours: [] }, false],
    [{ kind: 'weekday', weekday: 5 }, false],
    [
      {
        kind: 'open',
        hours: [
          { from: 540, to: 720 },
          { from: 1320, to: 1560 },
        ],
      },
      true,
    ],
  ]);
  expect(problems.map(({ line }) => line)).toEqual([5, 6]);
});
