import { describe, expect, test } from 'vitest';
import { OpenHours, ZoneClock } from '../../daemon/src/calendar/index.js';
import type { CalendarOverride, HoursSpan, SpecialDay, WeeklyHours } from '../../daemon/src/contract/index.js';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;
const at = (text: string): number => Date.parse(text);
const day = (date: string, effect: SpecialDay['effect'], over: Partial<SpecialDay> = {}): SpecialDay => ({
  ...{ name: `day ${date}`, date, lastDate: null, yearly: false, effect },
  ...over,
});
const office: WeeklyHours = [1, 2, 3, 4, 5].map((weekday) => ({
  weekday,
  hours: [
    { from: 540, to: 720 },
    { from: 780, to: 1080 },
  ],
}));

function calendar(
  weekly: WeeklyHours,
  specialDays: SpecialDay[] = [],
  zone = 'Asia/Shanghai',
  override: CalendarOverride | null = null,
) {
  return new OpenHours({ weekly, specialDays, override }, new ZoneClock(zone));
}

describe('hours', () => {
  test('several spans a day, and when it changes', () => {
    const hours = calendar(office);
    // Friday 2027-02-05 in Shanghai.
    expect(hours.isOpen(at('2027-02-05T08:59:59+08:00'))).toMatchObject({
      open: false,
      until: at('2027-02-05T09:00+08:00'),
    });
    expect(hours.isOpen(at('2027-02-05T09:00+08:00'))).toEqual({
      ...{ open: true, reason: { code: 'hours', weekday: 5 }, until: at('2027-02-05T12:00+08:00') },
    });
    expect(hours.isOpen(at('2027-02-05T12:00+08:00'))).toMatchObject({
      open: false,
      until: at('2027-02-05T13:00+08:00'),
    });
    expect(hours.isOpen(at('2027-02-05T18:00+08:00'))).toMatchObject({
      open: false,
      until: at('2027-02-08T09:00+08:00'),
    });
  });

  test('a span over midnight belongs to the day on which it begins, holiday or not', () => {
    const night = calendar(
      [{ weekday: 5, hours: [{ from: 1320, to: 1560 }] }],
      [day('2027-02-06', { kind: 'closed', hours: [] })],
    );
    expect(night.isOpen(at('2027-02-06T01:59+08:00'))).toMatchObject({ open: true, reason: { weekday: 5 } });
    expect(night.isOpen(at('2027-02-06T02:00+08:00'))).toMatchObject({ open: false, reason: { code: 'specialDay' } });
  });

  test('never and always open have no end', () => {
    expect(calendar([]).isOpen(at('2027-02-05T12:00Z'))).toMatchObject({ open: false, until: null });
    const always = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, hours: [{ from: 0, to: 1440 }] }));
    expect(calendar(always, [], 'Europe/Berlin').isOpen(at('2027-03-27T12:00Z'))).toMatchObject({
      open: true,
      until: null,
    });
  });

  test('somebody closes it, until a time', () => {
    const since = at('2027-02-05T10:00+08:00');
    const until = at('2027-02-05T11:00+08:00');
    const hours = calendar(office, [], 'Asia/Shanghai', {
      open: false,
      until,
      reason: 'fire drill',
      by: 'admin',
      since,
    });
    expect(hours.isOpen(since - 1)).toMatchObject({ open: true, until: since });
    expect(hours.isOpen(since)).toEqual({
      open: false,
      reason: { code: 'override', reason: 'fire drill', by: 'admin' },
      until,
    });
    expect(hours.isOpen(until)).toMatchObject({ open: true, until: at('2027-02-05T12:00+08:00') });
  });
});

describe('special days', () => {
  test('the Spring Festival of 2027 with its make-up working days', () => {
    const hours = calendar(office, [
      day('2027-02-05', { kind: 'closed', hours: [] }, { lastDate: '2027-02-11', name: '春节' }),
      day('2027-02-14', { kind: 'weekday', weekday: 1 }, { name: '春节补班' }),
    ]);
    expect(hours.isOpen(at('2027-02-08T10:00+08:00'))).toMatchObject({
      open: false,
      reason: { name: '春节', date: '2027-02-08' },
    });
    expect(hours.isOpen(at('2027-02-12T10:00+08:00')).open).toBe(true);
    expect(hours.isOpen(at('2027-02-14T10:00+08:00'))).toMatchObject({ open: true, reason: { name: '春节补班' } });
    expect(hours.isOpen(at('2027-02-14T12:30+08:00')).open).toBe(false);
  });

  test('every year, over New Year, and on 29 February in leap years alone', () => {
    const all = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, hours: [{ from: 0, to: 1440 }] }));
    const hours = calendar(all, [
      day('2020-12-31', { kind: 'closed', hours: [] }, { lastDate: '2021-01-01', yearly: true }),
      day('2024-02-29', { kind: 'closed', hours: [] }, { yearly: true }),
    ]);
    const closed = (date: string): boolean => !hours.isOpen(at(`${date}T12:00+08:00`)).open;
    expect(['2026-12-31', '2027-01-01', '2028-02-29'].map(closed)).toEqual([true, true, true]);
    expect(['2019-12-31', '2027-01-02', '2027-02-28', '2027-03-01'].map(closed)).toEqual([false, false, false, false]);
  });

  test('a dated day wins over a yearly one, closed hours cut whatever is open', () => {
    const hours = calendar(office, [
      day('2020-05-01', { kind: 'closed', hours: [] }, { yearly: true }),
      day('2028-05-01', { kind: 'open', hours: [{ from: 600, to: 960 }] }),
      day('2028-05-01', { kind: 'closed', hours: [{ from: 660, to: 690 }] }, { name: 'drill' }),
    ]);
    const open = (time: string): boolean => hours.isOpen(at(`2028-05-01T${time}+08:00`)).open;
    expect(['09:59', '10:00', '11:00', '11:29', '11:30', '16:00'].map(open)).toEqual([
      false,
      true,
      false,
      false,
      true,
      false,
    ]);
  });
});

// What a wall clock shows, by Intl: slow, and of another make than what is tested.
function wallClock(zone: string) {
  const format = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit' },
  });
  return (instant: number) => {
    const part = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    return {
      date: `${part['year']}-${part['month']}-${part['day']}`,
      minute: Number(part['hour']) * 60 + Number(part['minute']),
    };
  };
}

function oracle(weekly: WeeklyHours, specials: SpecialDay[], zone: string) {
  const clock = wallClock(zone);
  const hoursOf = (date: string): { open: HoursSpan[]; cuts: HoursSpan[] } => {
    const own = specials.filter((special) => special.date === date);
    const cuts = own.flatMap(({ effect }) => (effect.kind === 'closed' ? effect.hours : []));
    const whole = own.filter(({ effect }) => effect.kind !== 'closed' || effect.hours.length === 0).at(-1)?.effect;
    const weekday = new Date(`${date}T00:00Z`).getUTCDay() || 7;
    const of = (one: number): HoursSpan[] => weekly.find((entry) => entry.weekday === one)?.hours ?? [];
    if (whole === undefined) return { open: of(weekday), cuts };
    if (whole.kind === 'weekday') return { open: of(whole.weekday), cuts };
    return {
      open: whole.kind === 'closed' ? [] : whole.hours.length === 0 ? [{ from: 0, to: 1440 }] : whole.hours,
      cuts,
    };
  };
  return (instant: number): boolean => {
    const { date, minute } = clock(instant);
    const before = new Date(Date.parse(`${date}T00:00Z`) - DAY).toISOString().slice(0, 10);
    const [now, then] = [hoursOf(date), hoursOf(before)];
    const has = (spans: HoursSpan[], one: number): boolean => spans.some(({ from, to }) => one >= from && one < to);
    if (has(now.cuts, minute) || has(then.cuts, minute + 1440)) return false;
    return has(now.open, minute) || has(then.open, minute + 1440);
  };
}

describe('by the minute, against a clock of another make', () => {
  // Half hours, half-hour daylight saving, clocks changed at midnight, a day that was left out (Apia, 30 December 2011).
  test.each([
    ['Asia/Shanghai', '2027-02-04T00:00Z'],
    ['Europe/Berlin', '2027-03-26T00:00Z'],
    ['Europe/Berlin', '2027-10-29T00:00Z'],
    ['America/New_York', '2026-10-30T00:00Z'],
    ['Australia/Lord_Howe', '2027-04-02T00:00Z'],
    ['America/Santiago', '2026-09-04T00:00Z'],
    ['Pacific/Apia', '2011-12-28T00:00Z'],
    ['Asia/Kolkata', '2028-02-27T00:00Z'],
  ])(
    '%s from %s',
    (zone, from) => {
      let seed = 12_345 + zone.length;
      const random = (limit: number): number => {
        seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
        return Math.floor((seed / 2_147_483_648) * limit);
      };
      const wrong: string[] = [];
      for (let round = 0; round < 3; round += 1) {
        const span = (): HoursSpan => {
          const begins = random(1440);
          return { from: begins, to: Math.min(begins + 1 + random(900), begins + 1440) };
        };
        const some = (most: number): HoursSpan[] => Array.from({ length: random(most + 1) }, span);
        const weekly = [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, hours: some(3) }));
        const specials = Array.from({ length: 3 }, (): SpecialDay => {
          const date = new Date(at(from) + random(5) * DAY).toISOString().slice(0, 10);
          const effects: SpecialDay['effect'][] = [
            { kind: 'closed', hours: some(2) },
            { kind: 'open', hours: some(2) },
            { kind: 'weekday', weekday: 1 + random(7) },
          ];
          return day(date, effects[random(3)] ?? { kind: 'closed', hours: [] });
        });
        const expected = oracle(weekly, specials, zone);
        const hours = calendar(weekly, specials, zone);
        let known: { open: boolean; until: number | null } | undefined;
        for (let minute = 0; minute < 4 * 1440; minute += 1) {
          const instant = at(from) + minute * MINUTE;
          const open = expected(instant);
          if (known === undefined || (known.until !== null && instant >= known.until)) known = hours.isOpen(instant);
          // Also what was said before holds until when it said so, and is over then.
          if (known.open !== open || hours.isOpen(instant).open !== open)
            wrong.push(
              `${zone} ${new Date(instant).toISOString()}: ${JSON.stringify({ open, known, weekly, specials })}`,
            );
        }
      }
      expect(wrong.slice(0, 3)).toEqual([]);
    },
    60_000,
  );
});
