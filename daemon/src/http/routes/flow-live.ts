// Who is in a flow now, and what the caller of a call did in flows.
import { z } from 'zod';
import { FlowCallers, FlowTrace, FlowWays, FlowWaysQuery, Slug, Ulid } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import { reachOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

/** What is counted of the ways of callers who have left. */
const WAYS_MS = 7 * 86_400_000;

export function flowLiveRoutes({ clock, db, ports }: HttpContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/flows/:id/callers',
      summary: 'Who is in a flow now, by node; callers of others are counted alone',
      tag: 'Flows',
      needs: ['floor.view', 'flows.view'],
      params: z.strictObject({ id: Slug }),
      reply: FlowCallers,
      errors: ['flow_not_found'],
      async handle({ params: { id }, identity }) {
        const reach = reachOf(ports, identity, 'floor.view', 'flows.view');
        const known = (await db.flows.find(id)) ?? (await db.flowDrafts.find(id));
        if (known === null) throw new AppError('flow_not_found', { id });
        const { nodes, callers } = ports.flows.callers(id);
        return {
          nodes,
          callers: callers.flatMap((one) => {
            const call = ports.calls.find(one.callId);
            const seen = reach.everything || (call !== undefined && reach.call(call));
            return seen ? [{ ...one, phase: call?.phase ?? null }] : [];
          }),
        };
      },
    }),
    route({
      method: 'get',
      path: '/flows/:id/ways',
      summary: 'How often the last callers went from each node to another',
      tag: 'Flows',
      needs: 'flows.view',
      params: z.strictObject({ id: Slug }),
      query: FlowWaysQuery,
      reply: FlowWays,
      async handle({ params: { id }, query: { calls } }) {
        const traces = await db.flowTraces.listByFlow(id, clock.wallMs() - WAYS_MS, calls);
        const ways = new Map<string, FlowWays['ways'][number]>();
        for (const { steps } of traces)
          for (const { flowId, node, next, why } of steps) {
            // a flow that is called writes its steps into the trace of the one that calls it
            if (flowId !== id) continue;
            const key = JSON.stringify([node, next, why]);
            const way = ways.get(key) ?? { node, next, why, count: 0 };
            way.count += 1;
            ways.set(key, way);
          }
        return { calls: traces.length, ways: [...ways.values()] };
      },
    }),
    route({
      method: 'get',
      path: '/calls/:id/flow-traces',
      summary: 'The way of a call through flows, node by node; an agent sees those of his own calls',
      tag: 'Calls',
      needs: ['calls.view', 'desk.use'],
      params: z.strictObject({ id: Ulid }),
      reply: z.array(FlowTrace),
      errors: ['call_not_found'],
      async handle({ params: { id }, identity }) {
        const call = ports.calls.find(id) ?? (await db.calls.find(id));
        if (call === null || !reachOf(ports, identity, 'calls.view').call(call))
          throw new AppError('call_not_found', { id });
        return ports.flows.traces(id);
      },
    }),
  ];
}
