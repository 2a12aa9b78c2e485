// Trying a trunk.
import { z } from 'zod';
import { Slug, TrunkHostAnswer, TrunkTestCall, TrunkTestResult } from '../../contract/index.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Slug });

export function trunkTestRoutes({ log, ports }: HttpContext): Route[] {
  return [
    route({
      method: 'post',
      path: '/trunks/:id/ask',
      summary: 'Ask the hosts of a SIP trunk now whether they are there; of another kind there are none',
      tag: 'Trunks',
      needs: 'trunks.edit',
      params: ById,
      reply: z.array(TrunkHostAnswer),
      errors: ['trunk_not_found'],
      handle: ({ params: { id } }) => ports.trunkTests.ask(id),
    }),
    route({
      method: 'post',
      path: '/trunks/:id/test-call',
      summary: 'Call a number over this trunk alone; answers when that call is over, half a minute later at most',
      tag: 'Trunks',
      needs: 'trunks.edit',
      params: ById,
      body: TrunkTestCall,
      reply: TrunkTestResult,
      errors: ['trunk_not_found', 'trunk_test_running', 'trunk_test_not_possible'],
      async handle({ params: { id }, body: { number }, language, identity }) {
        const result = await ports.trunkTests.call(id, number, language);
        log.info({ trunk: id, ...result, by: identity.user.username }, 'trunk tried');
        return result;
      },
    }),
  ];
}
