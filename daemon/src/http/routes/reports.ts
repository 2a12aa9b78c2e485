import { z } from 'zod';
import {
  Report,
  ReportDefinitions,
  type ReportFilters,
  ReportFormat,
  ReportId,
  ReportQuery,
  ReportRun,
  ReportSchedule,
  ReportScheduleCreate,
  ReportSchedulePut,
  Ulid,
} from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import { audit } from '../audit.js';
import type { Writes } from '../../db/index.js';
import type { Identity } from '../auth/identity.js';
import { filterOf, reachOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import { download } from '../download.js';
import { route, type Route } from '../route.js';

const ByReport = z.strictObject({ report: ReportId });
const ById = z.strictObject({ id: Ulid });
const TAG = 'Reports';
const FileQuery = ReportQuery.extend({ format: ReportFormat.exclude(['json']) });

export function reportRoutes({ clock, log, ports }: HttpContext): Route[] {
  const { reports } = ports;

  /**
   * Of the agents and queues alone that one may look at; an asked one beyond them is left out. Who asks for none in particular asks
   * for all; where none are left there is nothing.
   */
  function within(identity: Identity, asked: ReportFilters): ReportFilters {
    const filters = Object.fromEntries(
      Object.entries(asked).filter(([, some]) => some !== undefined && some.length > 0),
    ) as ReportFilters;
    const reach = filterOf(ports, reachOf(ports, identity, 'reports.view', 'reports.schedule'));
    if (reach === undefined) return filters;
    const common = (some: readonly string[] | undefined, allowed: readonly string[]): string[] =>
      some === undefined ? [...allowed] : some.filter((one) => allowed.includes(one));
    return { ...filters, queues: common(filters.queues, reach.queues), agents: common(filters.agents, reach.agents) };
  }

  /** Who reaches a part alone has the schedules that he has made. AppError report_schedule_not_found. */
  async function schedulesOf({ scope, user }: Identity): Promise<ReportSchedule[]> {
    const all = await reports.schedules();
    return scope.kind === 'all' ? all : all.filter(({ createdBy }) => createdBy === user.username);
  }
  async function mustHave(identity: Identity, id: string): Promise<void> {
    if (!(await schedulesOf(identity)).some((one) => one.id === id))
      throw new AppError('report_schedule_not_found', { id });
  }
  const narrowed = (identity: Identity, body: ReportScheduleCreate): ReportScheduleCreate => ({
    ...body,
    filters: within(identity, body.filters),
  });

  const noted =
    (identity: Identity, action: 'created' | 'changed' | 'removed', after?: unknown) =>
    (tx: Writes, objectId: string): Promise<void> =>
      audit(tx, clock.wallMs(), identity, { action, objectKind: 'reportSchedule', objectId, after });

  return [
    route({
      ...{ method: 'get', path: '/reports/definitions', tag: TAG, needs: 'reports.view', reply: ReportDefinitions },
      summary: 'Which reports there are, what their figures are called and how each is computed',
      handle: () => reports.definitions(),
    }),
    route({
      ...{
        method: 'get',
        path: '/reports/:report',
        tag: TAG,
        needs: 'reports.view',
        params: ByReport,
        query: ReportQuery.omit({ format: true }),
      },
      ...{ summary: 'One report; times are widened to quarters of an hour', reply: Report },
      errors: ['report_range_invalid', 'report_too_wide'],
      handle: ({ params: { report }, query: { from, to, by, ...filters }, language, identity }) =>
        reports.read({ report, from, to, by, filters: within(identity, filters), language }),
    }),
    route({
      ...{
        method: 'get',
        path: '/reports/:report/file',
        tag: TAG,
        needs: 'reports.export',
        params: ByReport,
        query: FileQuery,
      },
      ...{ summary: 'The same as a file', replyType: 'application/octet-stream' },
      errors: ['report_range_invalid', 'report_too_wide', 'report_not_exportable'],
      async handle({ params: { report }, query: { from, to, by, format, ...filters }, language, identity }) {
        log.info({ report, from, to, format, by: identity.user.username }, 'a report is exported');
        return download(
          await reports.file({ report, from, to, by, filters: within(identity, filters) }, format, language),
        );
      },
    }),
    route({
      ...{ method: 'post', path: '/reports/rebuild', tag: TAG, needs: 'settings.edit' },
      summary: 'Forget every figure and count anew, such as after a service level was changed; takes its time',
      async handle({ identity }) {
        log.warn({ by: identity.user.username }, 'the figures of reports are counted anew');
        await reports.rebuild();
      },
    }),
    route({
      ...{
        method: 'get',
        path: '/report-schedules',
        tag: TAG,
        needs: 'reports.schedule',
        reply: z.array(ReportSchedule),
      },
      summary: 'Reports that are mailed by themselves',
      handle: ({ identity }) => schedulesOf(identity),
    }),
    route({
      ...{
        method: 'post',
        path: '/report-schedules',
        tag: TAG,
        needs: 'reports.schedule',
        body: ReportScheduleCreate,
        reply: ReportSchedule,
      },
      ...{ summary: 'Have a report mailed by itself', status: 201 },
      handle: ({ body, identity }) =>
        reports.putSchedule(
          narrowed(identity, body),
          identity.user.username,
          undefined,
          noted(identity, 'created', body),
        ),
    }),
    route({
      ...{
        method: 'put',
        path: '/report-schedules/:id',
        tag: TAG,
        needs: 'reports.schedule',
        params: ById,
        body: ReportSchedulePut,
      },
      ...{ summary: 'Change a scheduled report', reply: ReportSchedule, errors: ['report_schedule_not_found'] },
      async handle({ params: { id }, body, identity }) {
        await mustHave(identity, id);
        const after = narrowed(identity, body);
        return reports.putSchedule(after, identity.user.username, id, noted(identity, 'changed', body));
      },
    }),
    route({
      ...{ method: 'delete', path: '/report-schedules/:id', tag: TAG, needs: 'reports.schedule', params: ById },
      ...{ summary: 'Remove a scheduled report with its history', errors: ['report_schedule_not_found'] },
      async handle({ params: { id }, identity }) {
        await mustHave(identity, id);
        await reports.removeSchedule(id, noted(identity, 'removed'));
      },
    }),
    route({
      ...{
        method: 'post',
        path: '/report-schedules/:id/run',
        tag: TAG,
        needs: 'reports.schedule',
        params: ById,
        reply: ReportRun,
      },
      ...{ summary: 'Send it now, besides', errors: ['report_schedule_not_found', 'mail_not_set_up'] },
      async handle({ params: { id }, identity }) {
        await mustHave(identity, id);
        return reports.runSchedule(id);
      },
    }),
    route({
      ...{
        method: 'get',
        path: '/report-schedules/:id/runs',
        tag: TAG,
        needs: 'reports.schedule',
        params: ById,
        reply: z.array(ReportRun),
      },
      ...{ summary: 'When it was sent, the newest first', errors: ['report_schedule_not_found'] },
      async handle({ params: { id }, identity }) {
        await mustHave(identity, id);
        return reports.runs(id);
      },
    }),
  ];
}
