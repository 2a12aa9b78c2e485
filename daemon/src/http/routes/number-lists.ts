import { z } from 'zod';
import {
  DialPattern,
  NumberList,
  NumberListCreate,
  NumberListEntries,
  NumberListEntry,
  NumberListEntryCreate,
  NumberListEntryQuery,
  NumberListImport,
  NumberListImportQuery,
  NumberListPatch,
  Slug,
  type ListAction,
} from '../../contract/index.js';
import type { NumberListEntryRow, NumberListRow, Writes } from '../../db/index.js';
import { CSV_HEAD, entriesFromCsv, entriesToCsv } from '../../lists/index.js';
import { Readable } from 'node:stream';
import { AppError, decodeText } from '../../platform/index.js';
import { audit } from '../audit.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';
import { Stream } from '../stream.js';
import { given } from './calendars.js';

const ById = z.strictObject({ id: Slug });
const ByEntry = z.strictObject({ id: Slug, entry: z.coerce.number().int().min(1) });
const MOST_BYTES = 16_000_000;
const AT_ONCE = 1000;
const tag = 'Lists';
const errors = ['number_list_not_found'] as const;

export function numberListRoutes({ db, clock, log, ports }: HttpContext): Route[] {
  const { lists, normalise, calendars } = ports.routing;

  const dto = async (row: NumberListRow): Promise<z.infer<typeof NumberList>> => ({
    ...row,
    entries: await db.numberLists.countEntries(row.id),
  });
  async function found(id: string): Promise<NumberListRow> {
    const row = await db.numberLists.find(id);
    if (row === null) throw new AppError('number_list_not_found', { id });
    return row;
  }
  function entryRow(listId: string, entry: NumberListEntryCreate, by: string): Omit<NumberListEntryRow, 'id'> {
    // Digits alone are a number; whatever else fits a pattern is one.
    const pattern =
      !/^\+?[0-9 ().-]+$/.test(entry.number) ||
      (/\.$/.test(entry.number) && DialPattern.safeParse(entry.number).success);
    const number = pattern ? entry.number : normalise(entry.number);
    return { ...entry, listId, number, pattern, addedBy: by, addedAt: clock.wallMs() };
  }
  const view = ({ listId: _, ...entry }: NumberListEntryRow): z.infer<typeof NumberListEntry> => entry;

  return [
    route({
      ...{ method: 'get', path: '/number-lists', summary: 'Black, white and VIP lists', tag, needs: 'lists.view' },
      reply: z.array(NumberList),
      handle: async () => Promise.all((await db.numberLists.list()).map(dto)),
    }),
    route({
      ...{ method: 'get', path: '/number-lists/:id', summary: 'One list', tag, needs: 'lists.view', errors },
      ...{ params: ById, reply: NumberList },
      handle: async ({ params: { id } }) => dto(await found(id)),
    }),
    route({
      ...{ method: 'post', path: '/number-lists', summary: 'Make a list', tag, needs: 'lists.edit', status: 201 },
      ...{ body: NumberListCreate, reply: NumberList, errors: ['number_list_exists'] },
      async handle({ body, identity }) {
        await db.write(async (tx) => {
          await actionMustBe(tx, body.action);
          await tx.numberLists.insert(body);
          const what = { action: 'created', objectKind: 'numberList', objectId: body.id, after: body } as const;
          await audit(tx, clock.wallMs(), identity, what);
        });
        await lists.applied();
        return dto(body);
      },
    }),
    route({
      ...{ method: 'patch', path: '/number-lists/:id', summary: 'Change a list', tag, needs: 'lists.edit', errors },
      ...{ params: ById, body: NumberListPatch, reply: NumberList },
      async handle({ params: { id }, body, identity }) {
        const before = await found(id);
        await db.write(async (tx) => {
          if (body.action !== undefined) await actionMustBe(tx, body.action);
          await tx.numberLists.update(id, given(body));
          const what = { action: 'changed', objectKind: 'numberList', objectId: id, before, after: body } as const;
          await audit(tx, clock.wallMs(), identity, what);
        });
        await lists.applied();
        return dto(await found(id));
      },
    }),
    route({
      ...{
        method: 'delete',
        path: '/number-lists/:id',
        summary: 'Remove a list with its entries',
        tag,
        needs: 'lists.edit',
      },
      ...{ params: ById, errors: ['number_list_not_found', 'number_list_in_use'] },
      async handle({ params: { id }, identity }) {
        const before = await found(id);
        await db.write(async (tx) => {
          await tx.numberLists.remove(id);
          await audit(tx, clock.wallMs(), identity, {
            action: 'removed',
            objectKind: 'numberList',
            objectId: id,
            before,
          });
        });
        await lists.applied();
      },
    }),
    route({
      ...{
        method: 'get',
        path: '/number-lists/:id/entries',
        summary: 'Who stands on a list',
        tag,
        needs: 'lists.view',
        errors,
      },
      ...{ params: ById, query: NumberListEntryQuery, reply: NumberListEntries },
      async handle({ params: { id }, query }) {
        await found(id);
        const rows = await db.numberLists.entries({ listId: id, ...query });
        return { entries: rows.map(view), after: rows.length < query.limit ? null : (rows.at(-1)?.id ?? null) };
      },
    }),
    route({
      ...{
        method: 'get',
        path: '/number-lists/:id/entries.csv',
        summary: 'A whole list for a spreadsheet',
        tag,
        errors,
      },
      ...{ needs: 'lists.view', params: ById, replyType: 'text/csv; charset=utf-8' },
      async handle({ params: { id } }) {
        await found(id);
        async function* text() {
          // With a mark, by which spreadsheets know UTF-8.
          yield `\ufeff${CSV_HEAD}`;
          for (let after = 0; ;) {
            const rows = await db.numberLists.entries({ listId: id, after, limit: AT_ONCE });
            if (rows.length > 0) yield entriesToCsv(rows);
            const last = rows.at(-1);
            if (last === undefined || rows.length < AT_ONCE) return;
            after = last.id;
          }
        }
        const headers = {
          'Content-Type': 'text/csv; charset=utf-8',
          'Content-Disposition': `attachment; filename="${id}.csv"`,
        };
        return new Stream(Readable.from(text()), 200, headers);
      },
    }),
    route({
      ...{
        method: 'post',
        path: '/number-lists/:id/entries',
        summary: 'Put a number on a list',
        tag,
        needs: 'lists.edit',
        errors,
      },
      ...{ params: ById, body: NumberListEntryCreate, reply: NumberListEntry, status: 201 },
      async handle({ params: { id }, body, identity }) {
        await found(id);
        const row = entryRow(id, body, identity.user.username);
        const saved = await db.write(async (tx) => {
          await tx.numberLists.putEntries([row]);
          const what = {
            action: 'created',
            objectKind: 'numberListEntry',
            objectId: `${id}/${row.number}`,
            after: body,
          } as const;
          await audit(tx, clock.wallMs(), identity, what);
          return tx.numberLists.entriesByNumber(id, [row.number]);
        });
        await lists.applied();
        const [entry] = saved;
        if (entry === undefined) throw new Error('the entry was put and is not there');
        return view(entry);
      },
    }),
    route({
      ...{ method: 'delete', path: '/number-lists/:id/entries/:entry', summary: 'Take a number from a list', tag },
      ...{ needs: 'lists.edit', params: ByEntry, errors: ['number_list_not_found', 'list_entry_not_found'] },
      async handle({ params: { id, entry }, identity }) {
        await found(id);
        await db.write(async (tx) => {
          const known = await tx.numberLists.findEntry(entry);
          if (known?.listId !== id) throw new AppError('list_entry_not_found', { id, entry });
          await tx.numberLists.removeEntry(entry);
          const what = { action: 'removed', objectKind: 'numberListEntry', objectId: `${id}/${known.number}` } as const;
          await audit(tx, clock.wallMs(), identity, { ...what, before: known });
        });
        await lists.applied();
      },
    }),
    route({
      ...{
        method: 'post',
        path: '/number-lists/:id/import',
        summary: 'Numbers from a CSV file, first as a preview',
        tag,
      },
      ...{ needs: 'lists.edit', params: ById, query: NumberListImportQuery, upload: { limitBytes: MOST_BYTES } },
      ...{ reply: NumberListImport, errors: ['number_list_not_found', 'upload_not_text', 'import_invalid'] },
      async handle({ params: { id }, query: { apply }, file, identity, language }) {
        await found(id);
        const text = decodeText(file);
        if (text === undefined) throw new AppError('upload_not_text');
        const endOfDay = (date: string): number =>
          calendars.zone.instantsOf(Date.parse(`${date}T00:00:00Z`) + 86_400_000).at(-1) ?? NaN;
        const { entries, problems, problemCount } = await entriesFromCsv(text.text, language, endOfDay);
        const reply = {
          encoding: text.encoding,
          rows: entries.length,
          first: entries.slice(0, 20),
          problems,
          problemCount,
        };
        if (!apply) return { ...reply, applied: false };
        if (problemCount > 0)
          throw new AppError(
            'import_invalid',
            { count: problemCount },
            {
              details: () => problems.map(({ line, message }) => ({ path: `line ${line}`, message })),
            },
          );
        // Two ways of writing one number are one entry: the later one.
        const rows = [
          ...new Map(
            entries.map((entry) => entryRow(id, entry, identity.user.username)).map((row) => [row.number, row]),
          ).values(),
        ];
        for (let at = 0; at < rows.length; at += AT_ONCE)
          await db.write((tx) => tx.numberLists.putEntries(rows.slice(at, at + AT_ONCE)));
        await db.write((tx) =>
          audit(tx, clock.wallMs(), identity, {
            action: 'imported',
            objectKind: 'numberList',
            objectId: id,
            after: { rows: rows.length },
          }),
        );
        await lists.applied();
        log.info({ list: id, rows: rows.length, by: identity.user.username }, 'numbers imported');
        return { ...reply, applied: true };
      },
    }),
  ];
}

async function actionMustBe(tx: Writes, action: ListAction): Promise<void> {
  if (action.kind === 'flow' && (await tx.flows.find(action.flowId)) === null)
    throw invalidBody('action.flowId', new AppError('flow_not_found', { id: action.flowId }));
}
