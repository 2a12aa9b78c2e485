import { z } from 'zod';
import {
  DEFAULT_CODECS,
  Slug,
  TRUNK_FIELDS,
  Trunk,
  TrunkCreate,
  TrunkPatch,
  type E1Trunk,
  type FxoTrunk,
  type TrunkKind,
} from '../../contract/index.js';
import type { TrunkRow } from '../../db/index.js';
import { AppError } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Slug });

/** What a trunk of E1s or analog lines has in the columns of those over SIP. */
const noSip = (): Omit<TrunkRow, keyof E1Trunk | keyof FxoTrunk> => ({
  mode: 'address',
  hosts: [],
  username: '',
  secret: '',
  fromUser: '',
  fromDomain: '',
  expiresS: 600,
  codecs: [...DEFAULT_CODECS],
  dtmf: 'auto',
  srtp: 'none',
  tlsFingerprint: '',
  sources: [],
  optionsIntervalS: 0,
  callerIdHeader: 'from',
  diversionHeader: 'diversion',
});

/** What one that is not of analog lines has in their columns. */
const noFxo = (): Pick<TrunkRow, 'lines' | 'hunt' | 'dialPrefix' | 'lineNumber'> => ({
  ...{ lines: [], hunt: 'order', dialPrefix: '', lineNumber: '' },
});

function rowOf(body: TrunkCreate): TrunkRow {
  const name = body.name ?? body.id;
  if (body.kind === 'e1') return { ...noSip(), ...noFxo(), ...body, name };
  if (body.kind === 'fxo') return { ...noSip(), ...body, name, spans: [], refer: false };
  return { ...noFxo(), ...body, name, spans: [] };
}

export function trunkRoutes(http: HttpContext): Route[] {
  const { db, log, ports } = http;

  async function spansMustExist(spans: readonly number[] | undefined): Promise<void> {
    if (spans === undefined) return;
    const known = new Set((await ports.engine.spans()).map(({ span }) => span));
    for (const [index, span] of spans.entries()) {
      if (!known.has(span)) throw invalidBody(`spans.${index}`, new AppError('span_not_found', { span }));
    }
  }

  function linesMustExist(lines: readonly number[] | undefined): void {
    if (lines === undefined) return;
    const known = new Set(ports.engine.lines().map(({ line }) => line));
    for (const [index, line] of lines.entries()) {
      if (!known.has(line)) throw invalidBody(`lines.${index}`, new AppError('analog_line_not_found', { line }));
    }
  }

  return [
    route({
      method: 'get',
      path: '/trunks',
      summary: 'All trunks, without their secrets',
      tag: 'Trunks',
      needs: 'trunks.view',
      reply: z.array(Trunk),
      handle: async () => (await db.trunks.list()).map(toTrunk),
    }),
    route({
      method: 'get',
      path: '/trunks/:id',
      summary: 'One trunk',
      tag: 'Trunks',
      needs: 'trunks.view',
      params: ById,
      reply: Trunk,
      errors: ['trunk_not_found'],
      async handle({ params: { id } }) {
        const row = await db.trunks.find(id);
        if (row === null) throw new AppError('trunk_not_found', { id });
        return toTrunk(row);
      },
    }),
    route({
      method: 'post',
      path: '/trunks',
      summary: 'Make a trunk; calls come in over it, and go out where a route leads to it',
      tag: 'Trunks',
      needs: 'trunks.edit',
      body: TrunkCreate,
      reply: Trunk,
      status: 201,
      errors: ['trunk_exists', 'trunk_span_taken', 'trunk_line_taken'],
      async handle({ body, identity }) {
        const row = rowOf(body);
        await spansMustExist(row.spans);
        linesMustExist(row.lines);
        if (row.kind === 'sip') mustHaveUser(row);
        await db.write((tx) => tx.trunks.insert(row));
        await ports.sip.applied();
        log.info({ trunk: row.id, by: identity.user.username }, 'trunk made');
        return toTrunk(row);
      },
    }),
    route({
      method: 'patch',
      path: '/trunks/:id',
      summary: 'Change a trunk; its calls go on',
      tag: 'Trunks',
      needs: 'trunks.edit',
      params: ById,
      body: TrunkPatch,
      reply: Trunk,
      errors: ['trunk_not_found', 'trunk_span_taken', 'trunk_line_taken'],
      async handle({ params: { id }, body, identity }) {
        await spansMustExist(body.spans);
        linesMustExist(body.lines);
        const changed = await db.write(async (tx) => {
          const row = await tx.trunks.find(id);
          if (row === null) throw new AppError('trunk_not_found', { id });
          mustBeOfKind(body, row.kind);
          await tx.trunks.update(id, body);
          const now = await tx.trunks.find(id);
          if (now !== null && now.kind === 'sip') mustHaveUser(now);
          return now;
        });
        if (changed === null) throw new AppError('trunk_not_found', { id });
        await ports.sip.applied();
        log.info({ trunk: id, by: identity.user.username }, 'trunk changed');
        return toTrunk(changed);
      },
    }),
    route({
      method: 'delete',
      path: '/trunks/:id',
      summary: 'Remove a trunk that no route leads to',
      tag: 'Trunks',
      needs: 'trunks.edit',
      params: ById,
      errors: ['trunk_not_found', 'trunk_in_use'],
      async handle({ params: { id }, identity }) {
        if (!(await db.write((tx) => tx.trunks.remove(id)))) throw new AppError('trunk_not_found', { id });
        await ports.sip.applied();
        log.info({ trunk: id, by: identity.user.username }, 'trunk removed');
      },
    }),
  ];
}

/** The columns of its kind; never the secret. */
function toTrunk(row: TrunkRow): Trunk {
  const { spans, lines, hunt, dialPrefix, lineNumber, secret, kind, mode, ...rest } = row;
  if (kind === 'sip') return { ...rest, kind, mode, hasSecret: secret !== '' };
  const { id, name, maxCalls, numberRulesIn, numberRulesOut, callerRulesIn, numberFormat } = row;
  const { callerId, fixedNumber, refer, enabled } = row;
  const rules = { numberRulesIn, numberRulesOut, callerRulesIn, numberFormat };
  const common = { id, name, maxCalls, ...rules, callerId, fixedNumber, enabled };
  if (kind === 'fxo') return { ...common, kind, lines, hunt, dialPrefix, lineNumber } satisfies FxoTrunk;
  return { ...common, kind, spans, refer } satisfies E1Trunk;
}

function mustHaveUser({ mode, username, fromUser }: TrunkRow): void {
  if (mode === 'register' && username === '' && fromUser === '')
    throw invalidBody('username', new AppError('trunk_needs_username'));
}

function mustBeOfKind(body: TrunkPatch, kind: TrunkKind): void {
  for (const other of ['e1', 'sip', 'fxo'] as const) {
    const foreign = TRUNK_FIELDS[other].find(
      (field) => body[field] !== undefined && !TRUNK_FIELDS[kind].includes(field),
    );
    if (foreign !== undefined) throw invalidBody(foreign, new AppError('trunk_field_foreign', { kind: other }));
  }
}
