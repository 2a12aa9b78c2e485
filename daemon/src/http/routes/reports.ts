import { z } from 'zod';
import {
  Report,
  ReportDefinitions,
  ReportFormat,
  ReportId,
  ReportQuery,
  ReportRun,
  ReportSchedule,
  ReportScheduleCreate,
  ReportSchedulePut,
  Ulid,
} from '../../contract/index.js';
import { audit } from '../audit.js';
import type { Writes } from '../../db/index.js';
import type { Identity } from '../auth/identity.js';
import type { HttpContext } from '../context.js';
import { download } from '../download.js';
import { ADMIN, STAFF, route, type Route } from '../route.js';

const ByReport = z.strictObject({ report: ReportId });
const ById = z.strictObject({ id: Ulid });
const TAG = 'Reports';
const FileQuery = ReportQuery.extend({ format: ReportFormat.exclude(['json']) });

export function reportRoutes({ clock, log, ports: { reports } }: HttpContext): Route[] {
  const noted =
    (identity: Identity, action: 'created' | 'changed' | 'removed', after?: unknown) =>
    (tx: Writes, objectId: string): Promise<void> =>
      audit(tx, clock.wallMs(), identity, { action, objectKind: 'reportSchedule', objectId, after });

  return [
    route({
      ...{ method: 'get', path: '/reports/definitions', tag: TAG, roles: STAFF, reply: ReportDefinitions },
      summary: 'Which reports there are, what their figures are called and how each is computed',
      handle: () => reports.definitions(),
    }),
    route({
      ...{
        method: 'get',
        path: '/reports/:report',
        tag: TAG,
        roles: STAFF,
        params: ByReport,
        query: ReportQuery.omit({ format: true }),
      },
      ...{ summary: 'One report; times are widened to quarters of an hour', reply: Report },
      errors: ['report_range_invalid', 'report_too_wide'],
      handle: ({ params: { report }, query: { from, to, by, ...filters }, language }) =>
        reports.read({ report, from, to, by, filters, language }),
    }),
    route({
      ...{ method: 'get', path: '/reports/:report/file', tag: TAG, roles: STAFF, params: ByReport, query: FileQuery },
      ...{ summary: 'The same as a file', replyType: 'application/octet-stream' },
      errors: ['report_range_invalid', 'report_too_wide', 'report_not_exportable'],
      async handle({ params: { report }, query: { from, to, by, format, ...filters }, language, identity }) {
        log.info({ report, from, to, format, by: identity.user.username }, 'a report is exported');
        return download(await reports.file({ report, from, to, by, filters }, format, language));
      },
    }),
    route({
      ...{ method: 'post', path: '/reports/rebuild', tag: TAG, roles: ADMIN },
      summary: 'Forget every figure and count anew, such as after a service level was changed; takes its time',
      async handle({ identity }) {
        log.warn({ by: identity.user.username }, 'the figures of reports are counted anew');
        await reports.rebuild();
      },
    }),
    route({
      ...{ method: 'get', path: '/report-schedules', tag: TAG, roles: STAFF, reply: z.array(ReportSchedule) },
      summary: 'Reports that are mailed by themselves',
      handle: () => reports.schedules(),
    }),
    route({
      ...{
        method: 'post',
        path: '/report-schedules',
        tag: TAG,
        roles: STAFF,
        body: ReportScheduleCreate,
        reply: ReportSchedule,
      },
      ...{ summary: 'Have a report mailed by itself', status: 201 },
      handle: ({ body, identity }) =>
        reports.putSchedule(body, identity.user.username, undefined, noted(identity, 'created', body)),
    }),
    route({
      ...{
        method: 'put',
        path: '/report-schedules/:id',
        tag: TAG,
        roles: STAFF,
        params: ById,
        body: ReportSchedulePut,
      },
      ...{ summary: 'Change a scheduled report', reply: ReportSchedule, errors: ['report_schedule_not_found'] },
      handle: ({ params: { id }, body, identity }) =>
        reports.putSchedule(body, identity.user.username, id, noted(identity, 'changed', body)),
    }),
    route({
      ...{ method: 'delete', path: '/report-schedules/:id', tag: TAG, roles: STAFF, params: ById },
      ...{ summary: 'Remove a scheduled report with its history', errors: ['report_schedule_not_found'] },
      handle: ({ params: { id }, identity }) => reports.removeSchedule(id, noted(identity, 'removed')),
    }),
    route({
      ...{ method: 'post', path: '/report-schedules/:id/run', tag: TAG, roles: STAFF, params: ById, reply: ReportRun },
      ...{ summary: 'Send it now, besides', errors: ['report_schedule_not_found', 'mail_not_set_up'] },
      handle: ({ params: { id } }) => reports.runSchedule(id),
    }),
    route({
      ...{
        method: 'get',
        path: '/report-schedules/:id/runs',
        tag: TAG,
        roles: STAFF,
        params: ById,
        reply: z.array(ReportRun),
      },
      ...{ summary: 'When it was sent, the newest first', errors: ['report_schedule_not_found'] },
      handle: ({ params: { id } }) => reports.runs(id),
    }),
  ];
}
