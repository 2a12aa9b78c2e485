// Agents' desks: signing in, wrap-up, queues, whom they dial, what they did. An agent for himself, supervisors for others.
import { z } from 'zod';
import {
  Agent,
  AgentHistoryQuery,
  AgentMessageCreate,
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
import type { HttpContext } from '../context.js';
import { ADMIN, ANYONE_SIGNED_IN, STAFF, route, type Route } from '../route.js';

const ById = z.strictObject({ id: AgentNumber });
const BySlot = z.strictObject({ slot: SpeedDialSlot });
const ByIdAndSlot = z.strictObject({ id: AgentNumber, slot: SpeedDialSlot });
const TAG = 'Agents';

/** Throws agent_not_yours: an agent asks for himself alone. */
export function mustBeOwn({ user }: Identity, id: string): void {
  if (user.role === 'agent' && user.agentId !== id) throw new AppError('agent_not_yours', { id });
}

export function deskRoutes({ db, log, clock, ports }: HttpContext): Route[] {
  const { agents, desk } = ports;
  const who = ({ user }: Identity, id: string) => ({ by: user.username, forced: user.agentId !== id });
  const own = { tag: TAG, roles: ANYONE_SIGNED_IN, params: ById } as const;

  async function known(identity: Identity, id: string): Promise<void> {
    mustBeOwn(identity, id);
    if ((await db.agents.find(id)) === null) throw new AppError('agent_not_found', { id });
  }

  return [
    route({
      ...{ method: 'post', path: '/agents/:id/sign-in', summary: 'Sign an agent in at a telephone', ...own },
      ...{ body: AgentSignIn, reply: Agent },
      errors: ['agent_not_yours', 'agent_not_found', 'agent_busy', 'station_not_found', 'station_taken'],
      async handle({ params: { id }, body: { station }, identity }) {
        mustBeOwn(identity, id);
        const agent = await desk.signIn(id, station, who(identity, id));
        log.info({ agentId: id, station, by: identity.user.username }, 'an agent was signed in by a page');
        return agent;
      },
    }),
    route({
      ...{ method: 'post', path: '/agents/:id/wrap-up', summary: 'Make the wrap-up longer', ...own },
      ...{ body: WrapUpExtend, reply: Agent },
      errors: ['agent_not_yours', 'agent_not_found', 'not_in_wrap_up', 'wrap_up_at_limit'],
      handle({ params: { id }, body: { byMs }, identity }) {
        mustBeOwn(identity, id);
        return agents.extendWrapUp(id, byMs);
      },
    }),
    route({
      ...{ method: 'put', path: '/agents/:id/queues/:queueId', tag: TAG, roles: ANYONE_SIGNED_IN },
      summary: 'Take calls of one of his queues, or none for now',
      ...{ params: z.strictObject({ id: AgentNumber, queueId: Slug }), body: QueuePause, reply: Agent },
      errors: ['agent_not_yours', 'agent_not_found', 'agent_not_in_queue'],
      handle({ params: { id, queueId }, body: { active }, identity }) {
        mustBeOwn(identity, id);
        return agents.setQueueActive(id, queueId, active);
      },
    }),
    route({
      ...{ method: 'put', path: '/agents/:id/pin', summary: 'The PIN for signing in at a telephone; null: none' },
      ...{ tag: TAG, roles: ADMIN, params: ById, body: AgentPinPut, errors: ['agent_not_found'] },
      async handle({ params: { id }, body: { pin }, identity }) {
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
      ...{ method: 'get', path: '/agents/:id/history', summary: "An agent's states, in their order", ...own },
      ...{ query: AgentHistoryQuery, reply: z.array(AgentSegment), errors: ['agent_not_yours', 'agent_not_found'] },
      async handle({ params: { id }, query: { from, to, limit }, identity }) {
        await known(identity, id);
        return db.agentSegments.list({ agentId: id, fromMs: from, toMs: to, limit });
      },
    }),
    route({
      ...{ method: 'get', path: '/agents/:id/today', summary: "An agent's figures of today", ...own },
      ...{ reply: AgentToday, errors: ['agent_not_yours', 'agent_not_found'] },
      async handle({ params: { id }, identity }) {
        await known(identity, id);
        return desk.today(id);
      },
    }),
    route({
      ...{ method: 'get', path: '/agents/:id/missed', summary: 'Calls that he did not take, of a week', ...own },
      ...{ reply: z.array(MissedCall), errors: ['agent_not_yours', 'agent_not_found'] },
      async handle({ params: { id }, identity }) {
        await known(identity, id);
        return desk.missed(id);
      },
    }),
    route({
      ...{ method: 'get', path: '/agents/:id/dialled', summary: 'Numbers that he dialled last', ...own },
      ...{ reply: z.array(DialledNumber), errors: ['agent_not_yours', 'agent_not_found'] },
      async handle({ params: { id }, identity }) {
        await known(identity, id);
        return desk.lastDialled(id);
      },
    }),
    route({
      ...{ method: 'get', path: '/agents/:id/shown-numbers', summary: 'Numbers that he may show, and his choice' },
      ...{ ...own, reply: ShownNumbers, errors: ['agent_not_yours', 'agent_not_found'] },
      handle({ params: { id }, identity }) {
        mustBeOwn(identity, id);
        return desk.shownNumbers(id);
      },
    }),
    route({
      ...{ method: 'put', path: '/agents/:id/shown-numbers', summary: 'Choose the number to show from now on' },
      ...{ ...own, body: ShownNumberPut, reply: ShownNumbers },
      errors: ['agent_not_yours', 'agent_not_found', 'shown_number_not_allowed'],
      handle({ params: { id }, body: { number }, identity }) {
        mustBeOwn(identity, id);
        return desk.showNumber(id, number);
      },
    }),
    route({
      ...{ method: 'post', path: '/agents/:id/messages', summary: 'Show a message on the page of an agent', tag: TAG },
      ...{ roles: STAFF, params: ById, body: AgentMessageCreate, errors: ['agent_not_found'] },
      handle({ params: { id }, body: { text }, identity }) {
        if (agents.find(id) === undefined) throw new AppError('agent_not_found', { id });
        desk.message({ agentId: id, from: identity.user.username, text, at: clock.wallMs() });
      },
    }),
    route({
      ...{ method: 'get', path: '/agents/:id/speed-dials', summary: "An agent's own speed dials", ...own },
      ...{ reply: z.array(SpeedDial), errors: ['agent_not_yours', 'agent_not_found'] },
      async handle({ params: { id }, identity }) {
        await known(identity, id);
        return desk.speedDials(id);
      },
    }),
    route({
      ...{ method: 'put', path: '/agents/:id/speed-dials/:slot', summary: 'Set one of them', tag: TAG },
      ...{ roles: ANYONE_SIGNED_IN, params: ByIdAndSlot, body: SpeedDialPut, reply: SpeedDial },
      errors: ['agent_not_yours', 'agent_not_found'],
      async handle({ params: { id, slot }, body, identity }) {
        await known(identity, id);
        return desk.putSpeedDial({ ...body, slot, owner: id });
      },
    }),
    route({
      ...{ method: 'delete', path: '/agents/:id/speed-dials/:slot', summary: 'Remove one of them', tag: TAG },
      ...{ roles: ANYONE_SIGNED_IN, params: ByIdAndSlot },
      errors: ['agent_not_yours', 'agent_not_found', 'speed_dial_not_found'],
      async handle({ params: { id, slot }, identity }) {
        await known(identity, id);
        await desk.removeSpeedDial(id, slot);
      },
    }),
    route({
      ...{ method: 'get', path: '/speed-dials', summary: 'Speed dials of everybody', tag: TAG },
      ...{ roles: ANYONE_SIGNED_IN, reply: z.array(SpeedDial) },
      handle: () => desk.speedDials(null),
    }),
    route({
      ...{ method: 'put', path: '/speed-dials/:slot', summary: 'Set a speed dial of everybody', tag: TAG },
      ...{ roles: ADMIN, params: BySlot, body: SpeedDialPut, reply: SpeedDial },
      handle: ({ params: { slot }, body }) => desk.putSpeedDial({ ...body, slot, owner: null }),
    }),
    route({
      ...{ method: 'delete', path: '/speed-dials/:slot', summary: 'Remove a speed dial of everybody', tag: TAG },
      ...{ roles: ADMIN, params: BySlot, errors: ['speed_dial_not_found'] },
      handle: ({ params: { slot } }) => desk.removeSpeedDial(null, slot),
    }),
  ];
}
