// Flows tried out.
import { z } from 'zod';
import { ExchangeCall, FlowDryRun, FlowDryRunResult, FlowNodeKind, FlowTestCall, Slug } from '../../contract/index.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

export function flowTestRoutes({ log, ports }: HttpContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/flow-nodes',
      summary: 'The types of nodes, each with its JSON Schema',
      tag: 'Flows',
      needs: 'flows.view',
      reply: z.array(FlowNodeKind),
      handle: () => ports.flows.kinds(),
    }),
    route({
      method: 'post',
      path: '/flows/dry-run',
      summary: 'What a flow would do with a caller who presses these keys; nobody is called or asked',
      tag: 'Flows',
      needs: 'flows.view',
      body: FlowDryRun,
      reply: FlowDryRunResult,
      errors: ['flow_invalid', 'flow_node_not_found'],
      handle: ({ body, language }) => ports.flows.dryRun(body, language),
    }),
    route({
      method: 'post',
      path: '/flows/:id/test-calls',
      summary: 'A call of the simulator into a draft, from any node',
      tag: 'Flows',
      needs: 'flows.edit',
      params: z.strictObject({ id: Slug }),
      body: FlowTestCall,
      reply: ExchangeCall,
      status: 201,
      errors: [
        ...(['flow_draft_not_found', 'flow_not_found', 'flow_invalid', 'flow_node_not_found'] as const),
        ...(['span_not_found', 'span_busy'] as const),
      ],
      async handle({ params: { id }, body, language, identity }) {
        const calledNumber = await ports.flows.expectCall(id, body, language);
        const { callingNumber, digits, hangUpAfterMs } = body;
        const call = await ports.exchange.place({ calledNumber, callingNumber, digits, hangUpAfterMs });
        log.info({ flowId: id, node: body.node, by: identity.user.username }, 'test call into a flow');
        return call;
      },
    }),
  ];
}
