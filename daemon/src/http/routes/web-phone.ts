// A page as the telephone of a station: the one at which its agent is signed in.
import { z } from 'zod';
import { AgentNumber, WebPhoneAsk, WebPhonePass } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';
import { mustBeOwn } from './desk.js';

export function webPhoneRoutes({ ports, log }: HttpContext): Route[] {
  return [
    route({
      needs: ['desk.use'],
      method: 'post',
      path: '/agents/:id/web-phone',
      summary: 'Be the telephone of the station where the agent is signed in',
      tag: 'Agents',
      params: z.strictObject({ id: AgentNumber }),
      body: WebPhoneAsk,
      reply: WebPhonePass,
      errors: ['agent_not_yours', 'agent_not_found', 'web_phone_off', 'web_phone_no_station', 'web_phone_elsewhere'],
      async handle({ params: { id }, body: { tab, takeOver }, identity }) {
        mustBeOwn(ports, identity, id);
        const agent = ports.agents.find(id);
        if (agent === undefined) throw new AppError('agent_not_found', { id });
        if (!ports.webPhones.available()) throw new AppError('web_phone_off');
        const { station } = agent;
        if (station === null || !ports.webPhones.has(station)) throw new AppError('web_phone_no_station', { id });
        const sessionId = identity.sessionId ?? '';
        const { ticket, ...pass } = await ports.webPhones.grant({ station, agentId: id, sessionId, tab, takeOver });
        log.info({ agentId: id, station, takeOver }, 'a page is the telephone of a station');
        return { ...pass, path: `/sip?ticket=${ticket}` };
      },
    }),
  ];
}
