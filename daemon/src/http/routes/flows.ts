import { z } from 'zod';
import { Flow, FlowPut, FlowValidate, FlowVerdict, Slug } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Slug });

export function flowRoutes(http: HttpContext): Route[] {
  const { clock, db, log, ports } = http;
  return [
    route({
      method: 'get',
      path: '/flows',
      summary: 'All flows',
      tag: 'Flows',
      needs: 'flows.view',
      reply: z.array(Flow),
      handle: () => db.flows.list(),
    }),
    route({
      method: 'get',
      path: '/flows/:id',
      summary: 'One flow',
      tag: 'Flows',
      needs: 'flows.view',
      params: ById,
      reply: Flow,
      errors: ['flow_not_found'],
      async handle({ params: { id } }) {
        const row = await db.flows.find(id);
        if (row === null) throw new AppError('flow_not_found', { id });
        return row;
      },
    }),
    route({
      method: 'post',
      path: '/flows/validate',
      summary: 'Check a flow without saving it',
      tag: 'Flows',
      needs: 'flows.view',
      body: FlowValidate,
      reply: FlowVerdict,
      async handle({ body, language }) {
        const verdict = await ports.flows.validate(body.definition, language, body.id);
        const { warnings } = verdict;
        return verdict.ok
          ? { valid: true, definition: verdict.definition, problems: [], warnings }
          : { valid: false, definition: null, problems: verdict.problems, warnings };
      },
    }),
    route({
      method: 'put',
      path: '/flows/:id',
      summary: 'Save a flow and let it live; calls that come from now on take it',
      tag: 'Flows',
      needs: 'flows.publish',
      params: ById,
      body: FlowPut,
      reply: Flow,
      errors: ['flow_invalid'],
      async handle({ params: { id }, body, language, identity }) {
        const verdict = await ports.flows.validate(body.definition, language, id);
        if (!verdict.ok) throw new AppError('flow_invalid', { id }, { details: verdict.problems });
        const { definition } = verdict;
        const row = { id, name: body.name, definition, updatedAt: clock.wallMs() };
        const saved = await db.write((tx) => tx.flows.put(row, { by: identity.user.username, note: '' }));
        log.info({ flowId: id, version: saved.version, by: identity.user.username }, 'flow saved');
        return saved;
      },
    }),
    route({
      method: 'delete',
      path: '/flows/:id',
      summary: 'Remove a flow that no route uses and no flow calls',
      tag: 'Flows',
      needs: 'flows.publish',
      params: ById,
      errors: ['flow_not_found', 'flow_in_use', 'flow_called'],
      async handle({ params: { id }, identity }) {
        if (!(await db.write((tx) => tx.flows.remove(id)))) throw new AppError('flow_not_found', { id });
        log.info({ flowId: id, by: identity.user.username }, 'flow removed');
      },
    }),
  ];
}
