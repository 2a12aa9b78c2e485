// Agents' desks: signing in, wrap-up, queues, whom they dial, what they did. An agent for himself, supervisors for others.
import { z } from 'zod';
import {
  Agent,
  AgentHistoryQuery,
  AgentNumber,
  AgentPinPut,
  AgentSegment,
  AgentSignIn,
  AgentToday,
  DialledNumber,
  MissedCall,
  QueuePause,
  ShownNumberPut,
  ShownNumbers,
  Slug,
  SpeedDial,
  SpeedDialPut,
  SpeedDialSlot,
  WrapUpExtend,
} from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import { audit } from '../audit.js';
import type { Identity } from '../auth/identity.js';
import { reachOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: AgentNumber });
const BySlot = z.strictObject({ slot: SpeedDialSlot });
const ByIdAndSlot = z.strictObject({ id: AgentNumber, slot: SpeedDialSlot });
const TAG = 'Agents';

/** Throws agent_not_yours: who may not force others asks for himself alone. */
export function mustBeOwn(ports: HttpContext['ports'], identity: Identity, id: string): void {
  if (!reachOf(ports, identity, 'floor.force').agent(id)) throw new AppError('agent_not_yours', { id });
}

export function deskRoutes({ db, log, clock, ports }: HttpContext): Route[] {
  const { agents, desk } = ports;
  const who = ({ user }: Identity, id: string) => ({ by: user.username, forced: user.agentId !== id });
  const own = { tag: TAG, params: ById } as const;

  async function known(identity: Identity, id: string): Promise<void> {
    if (!reachOf(ports, identity, 'floor.force', 'agents.view').agent(id))
      throw new AppError('agent_not_yours', { id });
    if ((await db.agents.find(id)) === null) throw new AppError('agent_not_found', { id });
  }

  return [
    route({
      needs: ['desk.use', 'floor.force'],
      ...{ method: 'post', path: '/agents/:id/sign-in', summary: 'Sign an agent in at a telephone', ...own },
      ...{ body: AgentSignIn, reply: Agent },
      errors: ['agent_not_yours', 'agent_not_found', 'agent_busy', 'station_not_found', 'station_taken'],
      async handle({ params: { id }, body: { station }, identity }) {
        mustBeOwn(ports, identity, id);
        const agent = await desk.signIn(id, station, who(identity, id));
        log.info({ agentId: id, station, by: identity.user.username }, 'an agent was signed in by a page');
        return agent;
      },
    }),
    route({
      needs: ['desk.use', 'floor.force'],
      ...{ method: 'post', path: '/agents/:id/wrap-up', summary: 'Make the wrap-up longer', ...own },
      ...{ body: WrapUpExtend, reply: Agent },
      errors: ['agent_not_yours', 'agent_not_found', 'not_in_wrap_up', 'wrap_up_at_limit'],
      handle({ params: { id }, body: { byMs }, identity }) {
        mustBeOwn(ports, identity, id);
        return agents.extendWrapUp(id, byMs);
      },
    }),
    route({
      ...{ method: 'put', path: '/agents/:id/queues/:queueId', tag: TAG, needs: ['desk.use', 'floor.force'] },
      summary: 'Take calls of one of his queues, or none for now',
      ...{ params: z.strictObject({ id: AgentNumber, queueId: Slug }), body: QueuePause, reply: Agent },
      errors: ['agent_not_yours', 'agent_not_found', 'agent_not_in_queue'],
      handle({ params: { id, queueId }, body: { active }, identity }) {
        mustBeOwn(ports, identity, id);
        return agents.setQueueActive(id, queueId, active);
      },
    }),
    route({
      ...{ method: 'put', path: '/agents/:id/pin', summary: 'The PIN for signing in at a telephone; null: none' },
      ...{ tag: TAG, needs: 'agents.edit', params: ById, body: AgentPinPut, errors: ['agent_not_found'] },
      async handle({ params: { id }, body: { pin }, identity }) {
        if (!reachOf(ports, identity, 'agents.view', 'agents.edit').agent(id))
          throw new AppError('agent_not_found', { id });
        await desk.setPin(id, pin);
        const change = {
          action: 'changed',
          objectKind: 'agentPin',
          objectId: id,
          after: { set: pin !== null },
        } as const;
        await db.write((tx) => audit(tx, clock.wallMs(), identity, change));
      },
    }),
    route({
      needs: ['desk.use', 'agents.view'],
      ...{ method: 'get', path: '/agents/:id/history', summary: "An agent's states, in their order", ...own },
      ...{ query: AgentHistoryQuery, reply: z.array(AgentSegment), errors: ['agent_not_yours', 'agent_not_found'] },
      async handle({ params: { id }, query: { from, to, limit }, identity }) {
        await known(identity, id);
        return db.agentSegments.list({ agentId: id, fromMs: from, toMs: to, limit });
      },
    }),
    route({
      needs: ['desk.use', 'agents.view'],
      ...{ method: 'get', path: '/agents/:id/today', summary: "An agent's figures of today", ...own },
      ...{ reply: AgentToday, errors: ['agent_not_yours', 'agent_not_found'] },
      async handle({ params: { id }, identity }) {
        await known(identity, id);
        return desk.today(id);
      },
    }),
    route({
      needs: ['desk.use', 'agents.view'],
      ...{ method: 'get', path: '/agents/:id/missed', summary: 'Calls that he did not take, of a week', ...own },
      ...{ reply: z.array(MissedCall), errors: ['agent_not_yours', 'agent_not_found'] },
      async handle({ params: { id }, identity }) {
        await known(identity, id);
        return desk.missed(id);
      },
    }),
    route({
      needs: ['desk.use', 'agents.view'],
      ...{ method: 'get', path: '/agents/:id/dialled', summary: 'Numbers that he dialled last', ...own },
      ...{ reply: z.array(DialledNumber), errors: ['agent_not_yours', 'agent_not_found'] },
      async handle({ params: { id }, identity }) {
        await known(identity, id);
        return desk.lastDialled(id);
      },
    }),
    route({
      needs: ['desk.use', 'agents.view'],
      ...{ method: 'get', path: '/agents/:id/shown-numbers', summary: 'Numbers that he may show, and his choice' },
      ...{ ...own, reply: ShownNumbers, errors: ['agent_not_yours', 'agent_not_found'] },
      async handle({ params: { id }, identity }) {
        await known(identity, id);
        return desk.shownNumbers(id);
      },
    }),
    route({
      needs: ['desk.use', 'floor.force'],
      ...{ method: 'put', path: '/agents/:id/shown-numbers', summary: 'Choose the number to show from now on' },
      ...{ ...own, body: ShownNumberPut, reply: ShownNumbers },
      errors: ['agent_not_yours', 'agent_not_found', 'shown_number_not_allowed'],
      handle({ params: { id }, body: { number }, identity }) {
        mustBeOwn(ports, identity, id);
        return desk.showNumber(id, number);
      },
    }),
    route({
      needs: ['desk.use', 'agents.view'],
      ...{ method: 'get', path: '/agents/:id/speed-dials', summary: "An agent's own speed dials", ...own },
      ...{ reply: z.array(SpeedDial), errors: ['agent_not_yours', 'agent_not_found'] },
      async handle({ params: { id }, identity }) {
        await known(identity, id);
        return desk.speedDials(id);
      },
    }),
    route({
      ...{ method: 'put', path: '/agents/:id/speed-dials/:slot', summary: 'Set one of them', tag: TAG },
      ...{ needs: ['desk.use', 'floor.force'], params: ByIdAndSlot, body: SpeedDialPut, reply: SpeedDial },
      errors: ['agent_not_yours', 'agent_not_found'],
      async handle({ params: { id, slot }, body, identity }) {
        mustBeOwn(ports, identity, id);
        await known(identity, id);
        return desk.putSpeedDial({ ...body, slot, owner: id });
      },
    }),
    route({
      ...{ method: 'delete', path: '/agents/:id/speed-dials/:slot', summary: 'Remove one of them', tag: TAG },
      ...{ needs: ['desk.use', 'floor.force'], params: ByIdAndSlot },
      errors: ['agent_not_yours', 'agent_not_found', 'speed_dial_not_found'],
      async handle({ params: { id, slot }, identity }) {
        mustBeOwn(ports, identity, id);
        await known(identity, id);
        await desk.removeSpeedDial(id, slot);
      },
    }),
    route({
      ...{ method: 'get', path: '/speed-dials', summary: 'Speed dials of everybody', tag: TAG },
      ...{ needs: 'signedIn', reply: z.array(SpeedDial) },
      handle: () => desk.speedDials(null),
    }),
    route({
      ...{ method: 'put', path: '/speed-dials/:slot', summary: 'Set a speed dial of everybody', tag: TAG },
      ...{ needs: 'agents.edit', params: BySlot, body: SpeedDialPut, reply: SpeedDial },
      handle: ({ params: { slot }, body }) => desk.putSpeedDial({ ...body, slot, owner: null }),
    }),
    route({
      ...{ method: 'delete', path: '/speed-dials/:slot', summary: 'Remove a speed dial of everybody', tag: TAG },
      ...{ needs: 'agents.edit', params: BySlot, errors: ['speed_dial_not_found'] },
      handle: ({ params: { slot } }) => desk.removeSpeedDial(null, slot),
    }),
  ];
}
