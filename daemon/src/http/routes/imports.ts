// Tables that go in and out as files: agents, members of queues, lists of callers, telephones, speed dials, users.
import { Readable } from 'node:stream';
import { z } from 'zod';
import {
  ExportQuery,
  ImportKind,
  ImportProgress,
  ImportQuery,
  ImportResult,
  ImportTable,
  Ulid,
} from '../../contract/index.js';
import { LIMITS, TABLES, exportFile, importFile, tableView, type Surroundings } from '../../imports/index.js';
import { AppError } from '../../platform/index.js';
import { audit } from '../audit.js';
import { mustMay, type Identity } from '../auth/identity.js';
import { oneTimePassword } from '../auth/password-rules.js';
import { mustReachEverything, reachOf } from '../auth/reach.js';
import { BUILT_IN_ROLES, atLeast, rightsOf } from '../auth/roles.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';
import { Stream } from '../stream.js';

/** Whoever may change a thing may change it by the hundred; whoever may see it may have it as a file. */
const AREAS: Record<ImportKind, 'agents' | 'queues' | 'lists' | 'stations' | 'users'> = {
  agents: 'agents',
  'queue-members': 'queues',
  'number-list': 'lists',
  'sip-stations': 'stations',
  'speed-dials': 'agents',
  users: 'users',
};
/** Rows are agents, whom not everybody reaches. */
const OF_PEOPLE: readonly ImportKind[] = ['agents', 'queue-members'];
const SEEN = ['agents.view', 'queues.view', 'lists.view', 'stations.view', 'users.view'] as const;
const CHANGED = ['agents.edit', 'queues.edit', 'lists.edit', 'stations.edit', 'users.edit'] as const;

const ByKind = z.strictObject({ kind: ImportKind });
const ByJob = z.strictObject({ job: Ulid });
const tag = 'Imports';
const DAY_MS = 86_400_000;
const OVER: ImportProgress = { phase: 'over', done: 0, total: 0 };
const TYPES = {
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  csv: 'text/csv; charset=utf-8',
} as const;

export function importRoutes({
  db,
  clock,
  log,
  ports,
  defaultLanguage,
  sip,
  numbering,
  passwords,
}: HttpContext): Route[] {
  /** under way; each is gone when its answer is */
  const jobs = new Map<string, { by: string; progress: ImportProgress }>();

  const around = (identity: Identity): Surroundings => ({
    users: {
      async roles() {
        const all = [...BUILT_IN_ROLES, ...(await db.roles.list())];
        const entries = all.map(async ({ id, name }) => {
          const mayGive = atLeast(identity, await rightsOf(db, id));
          return [id, { name, mayGive }] as const;
        });
        return new Map(await Promise.all(entries));
      },
      async makePassword() {
        const plain = oneTimePassword();
        return { plain, hash: await passwords.hash(plain) };
      },
      session: identity.sessionId,
    },
    ...{ defaultLanguage, by: identity.user.username, sipDomain: sip.domain, nowMs: clock.wallMs() },
    normalise: (number) => ports.routing.normalise(number),
    endOfDay: (date) => ports.routing.calendars.zone.instantsOf(Date.parse(`${date}T00:00:00Z`) + DAY_MS).at(-1) ?? NaN,
    reservedBy: (number) => numbering.emergency.find((one) => String(number).startsWith(one)),
  });

  return [
    route({
      ...{ method: 'get', path: '/imports/:kind', tag, needs: SEEN, params: ByKind, reply: ImportTable },
      summary: 'The columns that a file of a kind may have',
      handle({ params: { kind }, language, identity }) {
        mustMay(identity, [`${AREAS[kind]}.view`]);
        return tableView(kind, language);
      },
    }),
    route({
      ...{ method: 'get', path: '/imports/jobs/:job', tag, needs: CHANGED, params: ByJob, reply: ImportProgress },
      summary: 'How far an import is; over also when there is none',
      handle({ params: { job }, identity: { user } }) {
        const found = jobs.get(job);
        return found?.by === user.username ? found.progress : OVER;
      },
    }),
    route({
      ...{ method: 'post', path: '/imports/:kind', tag, needs: CHANGED, params: ByKind, query: ImportQuery },
      summary:
        'What would become of the rows of an Excel workbook or a CSV file; with apply they are taken, all or none',
      ...{ upload: { limitBytes: LIMITS.bytes }, reply: ImportResult },
      errors: [
        ...(['import_unreadable', 'import_empty', 'import_too_large', 'import_of_missing'] as const),
        ...(['import_mapping_invalid', 'import_has_bad_rows', 'queue_not_found', 'number_list_not_found'] as const),
        ...(['body_too_large', 'number_in_use', 'scope_too_narrow', 'user_last_admin'] as const),
      ],
      async handle({ params: { kind }, query: { of, mapping, apply, skipBad, job }, file, identity, language }) {
        mustMay(identity, [`${AREAS[kind]}.edit`]);
        if (OF_PEOPLE.includes(kind)) mustReachEverything(identity);
        const by = identity.user.username;
        try {
          const result = await importFile(db, around(identity), {
            ...{ kind, of, mapping, apply, skipBad, file, language },
            progress: (progress) => void (job !== undefined && jobs.set(job, { by, progress })),
            note: (tx, counts) =>
              audit(tx, clock.wallMs(), identity, {
                ...{ action: 'imported', objectKind: kind, objectId: of ?? kind, after: counts },
              }),
          });
          if (apply) {
            if (TABLES[kind].tells === 'lists') await ports.routing.lists.applied();
            if (TABLES[kind].tells === 'sip') await ports.sip.applied();
            log.info({ kind, of, ...result.counts, by }, 'a file was imported');
          }
          return result;
        } finally {
          if (job !== undefined) jobs.delete(job);
        }
      },
    }),
    route({
      ...{ method: 'get', path: '/exports/:kind', tag, needs: SEEN, params: ByKind, query: ExportQuery },
      ...{ summary: 'A whole table as a file for a spreadsheet, or the template of one', replyType: TYPES.xlsx },
      errors: ['import_of_missing', 'queue_not_found', 'number_list_not_found'],
      async handle({ params: { kind }, query: { of, format, template }, identity, language }) {
        mustMay(identity, [`${AREAS[kind]}.view`]);
        const reach = reachOf(ports, identity, `${AREAS[kind]}.view`);
        if (kind === 'queue-members' && of !== undefined && !reach.seesQueue(of))
          throw new AppError('queue_not_found', { id: of });
        const only = OF_PEOPLE.includes(kind) ? (id: string): boolean => reach.agent(id) : undefined;
        const asked = { kind, of, format, template, language, only };
        const body = await exportFile(db, around(identity), asked);
        const name = `${of ?? kind}${template ? '-template' : ''}.${format}`;
        return new Stream(Readable.from([body]), 200, {
          'Content-Type': TYPES[format],
          'Content-Length': String(body.length),
          'Content-Disposition': `attachment; filename="${name}"`,
        });
      },
    }),
  ];
}
