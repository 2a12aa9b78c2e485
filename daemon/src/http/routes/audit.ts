import { AuditList, AuditQuery } from '../../contract/index.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

export function auditRoutes({ db }: HttpContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/audit',
      summary: 'Who changed what, newest first',
      tag: 'System',
      needs: 'audit.view',
      query: AuditQuery,
      reply: AuditList,
      async handle({ query }) {
        const entries = await db.audit.list(query);
        return { entries, before: entries.length < query.limit ? null : (entries.at(-1)?.id ?? null) };
      },
    }),
  ];
}
