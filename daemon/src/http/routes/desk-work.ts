// What waits on an agent's desk: messages of supervisors, which he says he has read, and missed calls with which he has dealt.
import { z } from 'zod';
import {
  AgentMessage,
  AgentMessageCreate,
  AgentMessagePatch,
  AgentMessageQuery,
  AgentNumber,
  MissedCallDone,
  MissedCallPatch,
  Ulid,
} from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import { reachOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';
import { mustBeOwn } from './desk.js';

const ById = z.strictObject({ id: AgentNumber });
const TAG = 'Agents';

export function deskWorkRoutes({ db, ports }: HttpContext): Route[] {
  const { agents, desk } = ports;
  return [
    route({
      ...{ method: 'post', path: '/agents/:id/messages', summary: 'Write to an agent: it shows on his page', tag: TAG },
      ...{ needs: 'floor.message', params: ById, body: AgentMessageCreate, reply: AgentMessage },
      errors: ['agent_not_found'],
      handle({ params: { id }, body: { text }, identity }) {
        if (agents.find(id) === undefined || !reachOf(ports, identity, 'floor.message').agent(id))
          throw new AppError('agent_not_found', { id });
        return desk.work.send(id, identity.user, text);
      },
    }),
    route({
      ...{ method: 'get', path: '/agents/:id/messages', summary: 'Messages to an agent, newest first', tag: TAG },
      ...{ needs: ['desk.use', 'floor.message'], params: ById, query: AgentMessageQuery, reply: z.array(AgentMessage) },
      errors: ['agent_not_yours'],
      handle({ params: { id }, query: { unread, limit }, identity }) {
        if (!reachOf(ports, identity, 'floor.message').agent(id)) throw new AppError('agent_not_yours', { id });
        return desk.work.messages(id, unread ?? false, limit);
      },
    }),
    route({
      ...{ method: 'patch', path: '/agents/:id/messages/:message', tag: TAG, needs: 'desk.use' },
      summary: 'Say that one has read a message; the agent alone',
      ...{ params: z.strictObject({ id: AgentNumber, message: Ulid }), body: AgentMessagePatch, reply: AgentMessage },
      errors: ['agent_not_yours', 'agent_message_not_found'],
      handle({ params: { id, message }, body: { read }, identity }) {
        // nobody reads for another
        if (identity.user.agentId !== id) throw new AppError('agent_not_yours', { id });
        return desk.work.setRead(id, message, read);
      },
    }),
    route({
      ...{ method: 'patch', path: '/agents/:id/missed/:callId', tag: TAG, needs: ['desk.use', 'floor.force'] },
      summary: 'Say that a missed call is dealt with, or is not after all',
      ...{ params: z.strictObject({ id: AgentNumber, callId: Ulid }), body: MissedCallPatch, reply: MissedCallDone },
      errors: ['agent_not_yours', 'agent_not_found', 'call_not_found'],
      async handle({ params: { id, callId }, body: { done }, identity }) {
        mustBeOwn(ports, identity, id);
        if (agents.find(id) === undefined) throw new AppError('agent_not_found', { id });
        // of a call that has just rung in vain the offer may not be on the disk yet
        const call = ports.calls.find(callId) ?? (await db.calls.find(callId));
        if (call === null) throw new AppError('call_not_found', { id: callId });
        return desk.work.setMissedDone(id, callId, done);
      },
    }),
  ];
}
