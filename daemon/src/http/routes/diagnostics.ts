// The technician's bench.
import { z } from 'zod';
import {
  DiagnosticAlarm,
  DiagnosticCaseInfo,
  DiagnosticContinue,
  DiagnosticInventory,
  DiagnosticReportEntry,
  DiagnosticRig,
  DiagnosticRun,
  DiagnosticVerdict,
  Ulid,
} from '../../contract/index.js';
import { audit } from '../audit.js';
import type { HttpContext } from '../context.js';
import { download } from '../download.js';
import { route, type Route } from '../route.js';

const common = { tag: 'Diagnostics', needs: 'diagnostics.run' } as const;
const ById = z.strictObject({ id: Ulid });
const AsFile = z.strictObject({ format: z.enum(['json', 'pdf']).default('json') });
/** A report of sixteen E1s has some hundred kilobytes. */
const MOST_BYTES = 16 << 20;

export function diagnosticRoutes({ clock, db, ports }: HttpContext): Route[] {
  const { diagnostics } = ports;
  return [
    route({
      ...common,
      method: 'get',
      path: '/diagnostics/cases',
      summary: 'What can be measured, and what it needs',
      reply: z.array(DiagnosticCaseInfo),
      handle: ({ language }) => diagnostics.cases(language),
    }),
    route({
      ...common,
      method: 'get',
      path: '/diagnostics/inventory',
      summary: 'Boards with their serial numbers, E1s and analog pairs',
      reply: DiagnosticInventory,
      errors: ['engine_closed'],
      handle: () => diagnostics.inventory(),
    }),
    route({
      ...common,
      method: 'get',
      path: '/diagnostics/alarms',
      summary: 'Alarms of the E1s as they came and went, newest first',
      reply: z.array(DiagnosticAlarm),
      handle: () => diagnostics.alarms(),
    }),
    route({
      ...common,
      method: 'post',
      path: '/diagnostics/run',
      summary: 'Take lines out of service and measure them; answers when it has begun',
      body: DiagnosticRig,
      reply: DiagnosticRun,
      status: 201,
      errors: ['diagnostics_running', 'diagnostics_lines_busy', 'diagnostics_line_unknown', 'diagnostics_line_twice'],
      async handle({ body, identity }) {
        const run = await diagnostics.begin(body);
        const { spans, pairs, endCalls } = body;
        const after = { spans: spans.map(({ span }) => span), pairs: pairs.map(({ station }) => station), endCalls };
        await db.write((tx) =>
          audit(tx, clock.wallMs(), identity, {
            action: 'created',
            objectKind: 'diagnostics',
            objectId: run.id,
            after,
          }),
        );
        return run;
      },
    }),
    route({
      ...common,
      method: 'get',
      path: '/diagnostics/run',
      summary: 'The run that is under way, or the last one; null: there was none since the start',
      reply: DiagnosticRun.nullable(),
      handle: () => diagnostics.run(),
    }),
    route({
      ...common,
      method: 'post',
      path: '/diagnostics/run/continue',
      summary: 'The technician has done what was asked for, or leaves that line out',
      body: DiagnosticContinue,
      errors: ['diagnostics_not_running', 'diagnostics_step_over'],
      handle: ({ body: { step, done } }) => diagnostics.continue(step, done),
    }),
    route({
      ...common,
      method: 'delete',
      path: '/diagnostics/run',
      summary: 'End the run; what has been measured is kept',
      errors: ['diagnostics_not_running'],
      handle: () => diagnostics.cancel(),
    }),
    route({
      ...common,
      method: 'get',
      path: '/diagnostics/reports',
      summary: 'Reports that are kept, newest first',
      reply: z.array(DiagnosticReportEntry),
      handle: () => diagnostics.reports(),
    }),
    route({
      ...common,
      method: 'get',
      path: '/diagnostics/reports/:id',
      summary: 'A report: signed JSON, or PDF',
      params: ById,
      query: AsFile,
      replyType: 'application/octet-stream',
      errors: ['diagnostics_report_not_found'],
      handle: async ({ params: { id }, query: { format }, language }) =>
        download(await diagnostics.file(id, format, language)),
    }),
    route({
      ...common,
      method: 'post',
      path: '/diagnostics/verify',
      summary: 'Whether a report is as it was signed',
      upload: { limitBytes: MOST_BYTES },
      reply: DiagnosticVerdict,
      errors: ['body_too_large'],
      handle: ({ file }) => diagnostics.verify(file.toString('utf8')),
    }),
  ];
}
