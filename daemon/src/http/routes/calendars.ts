import { z } from 'zod';
import {
  AtQuery,
  Calendar,
  CalendarCreate,
  CalendarOverrideRequest,
  CalendarPatch,
  MOST_SPECIAL_DAYS,
  OpenState,
  Slug,
  SpecialDaysImport,
  SpecialDaysImportQuery,
} from '../../contract/index.js';
import type { CalendarRow } from '../../db/index.js';
import { daysFromCsv, daysFromIcs } from '../../calendar/index.js';
import { AppError, decodeText } from '../../platform/index.js';
import { audit, type Change } from '../audit.js';
import type { Identity } from '../auth/identity.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Slug });
const MOST_BYTES = 1_000_000;
const kind = { tag: 'Calendars', errors: ['calendar_not_found'] } as const;

export function calendarRoutes({ db, clock, log, ports }: HttpContext): Route[] {
  const { calendars } = ports.routing;

  async function dto(id: string): Promise<z.infer<typeof Calendar>> {
    await calendars.applied();
    const found = calendars.find(id);
    if (found === undefined) throw new AppError('calendar_not_found', { id });
    return found;
  }

  async function change(
    id: string,
    identity: Identity,
    action: Change['action'],
    patch: Partial<Omit<CalendarRow, 'id'>>,
  ): Promise<z.infer<typeof Calendar>> {
    await db.write(async (tx) => {
      const before = await tx.calendars.find(id);
      if (before === null) throw new AppError('calendar_not_found', { id });
      await tx.calendars.update(id, patch);
      const after = await tx.calendars.find(id);
      await audit(tx, clock.wallMs(), identity, { action, objectKind: 'calendar', objectId: id, before, after });
    });
    log.info({ calendar: id, action, by: identity.user.username }, 'calendar changed');
    return dto(id);
  }

  return [
    route({
      ...{
        ...kind,
        errors: [],
        method: 'get',
        path: '/calendars',
        summary: 'Calendars, and whether they are open now',
      },
      ...{ needs: 'calendars.view', reply: z.array(Calendar) },
      async handle() {
        await calendars.applied();
        return calendars.list();
      },
    }),
    route({
      ...{ ...kind, method: 'get', path: '/calendars/:id', summary: 'One calendar' },
      ...{ needs: 'calendars.view', params: ById, reply: Calendar },
      handle: ({ params: { id } }) => dto(id),
    }),
    route({
      ...{ ...kind, method: 'get', path: '/calendars/:id/state', summary: 'Whether it is open, now or at any time' },
      ...{ needs: 'calendars.view', params: ById, query: AtQuery, reply: OpenState },
      async handle({ params: { id }, query: { at } }) {
        await calendars.applied();
        return calendars.isOpen(id, at ?? clock.wallMs());
      },
    }),
    route({
      ...{ tag: kind.tag, errors: ['calendar_exists'], method: 'post', path: '/calendars', summary: 'Make a calendar' },
      ...{ needs: 'calendars.edit', body: CalendarCreate, reply: Calendar, status: 201 },
      async handle({ body, identity }) {
        await db.write(async (tx) => {
          await tx.calendars.insert({ ...body, override: null });
          const what = { action: 'created', objectKind: 'calendar', objectId: body.id, after: body } as const;
          await audit(tx, clock.wallMs(), identity, what);
        });
        return dto(body.id);
      },
    }),
    route({
      ...{ ...kind, method: 'patch', path: '/calendars/:id', summary: 'Change a calendar' },
      ...{ needs: 'calendars.edit', params: ById, body: CalendarPatch, reply: Calendar },
      handle: ({ params: { id }, body, identity }) => change(id, identity, 'changed', given(body)),
    }),
    route({
      ...{ tag: kind.tag, errors: ['calendar_not_found', 'calendar_in_use'], method: 'delete', path: '/calendars/:id' },
      ...{ summary: 'Remove a calendar that nothing asks', needs: 'calendars.edit', params: ById },
      async handle({ params: { id }, identity }) {
        await db.write(async (tx) => {
          const before = await tx.calendars.find(id);
          if (!(await tx.calendars.remove(id))) throw new AppError('calendar_not_found', { id });
          await audit(tx, clock.wallMs(), identity, {
            action: 'removed',
            objectKind: 'calendar',
            objectId: id,
            before,
          });
        });
      },
    }),
    route({
      ...{
        ...kind,
        method: 'put',
        path: '/calendars/:id/override',
        summary: 'Open or close now, whatever the hours say',
      },
      ...{ needs: 'calendars.override', params: ById, body: CalendarOverrideRequest, reply: Calendar },
      handle({ params: { id }, body, identity }) {
        const override = { ...body, by: identity.user.username, since: clock.wallMs() };
        return change(id, identity, body.open ? 'opened' : 'closed', { override });
      },
    }),
    route({
      ...{ ...kind, method: 'delete', path: '/calendars/:id/override', summary: 'Let the hours decide again' },
      ...{ needs: 'calendars.override', params: ById, reply: Calendar, status: 200 },
      handle: ({ params: { id }, identity }) => change(id, identity, 'overrideEnded', { override: null }),
    }),
    route({
      ...{ tag: kind.tag, method: 'post', path: '/calendars/:id/special-days', needs: 'calendars.edit', params: ById },
      ...{
        summary: 'Special days from a file, first as a preview',
        errors: ['calendar_not_found', 'upload_not_text', 'import_invalid'],
      },
      ...{ query: SpecialDaysImportQuery, upload: { limitBytes: MOST_BYTES }, reply: SpecialDaysImport },
      async handle({ params: { id }, query, file, identity, language }) {
        const known = await dto(id);
        const text = decodeText(file);
        if (text === undefined) throw new AppError('upload_not_text');
        const { makeUpWeekday } = query;
        const { days, problems } =
          query.format === 'csv'
            ? daysFromCsv(text.text, language, makeUpWeekday)
            : daysFromIcs(text.text, { zone: calendars.zone, language, makeUpWeekday, nowMs: clock.wallMs() });
        const reply = { encoding: text.encoding, days, problems };
        if (!query.apply) return { ...reply, applied: false };
        const count = problems.length;
        if (count > 0)
          throw new AppError(
            'import_invalid',
            { count },
            {
              details: () => problems.map(({ line, message }) => ({ path: `line ${line}`, message })),
            },
          );
        const same = new Set(days.map((day) => `${day.date} ${day.name}`));
        const kept = query.replace ? [] : known.specialDays.filter((day) => !same.has(`${day.date} ${day.name}`));
        const specialDays = [...kept, ...days];
        if (specialDays.length > MOST_SPECIAL_DAYS) throw new AppError('import_invalid', { count: specialDays.length });
        await change(id, identity, 'imported', { specialDays });
        return { ...reply, applied: true };
      },
    }),
  ];
}

/** Without what was not sent. */
export function given<T extends object>(body: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
