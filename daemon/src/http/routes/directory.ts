// What a desk needs to know of the others, and what its page can do with the telephone beside it.
import { z } from 'zod';
import { AgentNumber, DeskPhone, DeskPhoneAction, DeskTargets } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';
import { mustBeOwn } from './desk.js';

const ById = z.strictObject({ id: AgentNumber });
const TAG = 'Agents';

export function directoryRoutes({ db, ports }: HttpContext): Route[] {
  const { agents, exchange, engine } = ports;

  async function phoneOf(id: string): Promise<DeskPhone> {
    const station = agents.find(id)?.station ?? null;
    if (station === null) return { station, liftable: false, offHook: false, ringing: false };
    const now = (await engine.stations()).find((one) => one.station === station);
    // Only a simulated telephone has a handset that a page can move.
    const liftable = exchange.phones().some((phone) => phone.station === station);
    return { station, liftable, offHook: now?.offHook ?? false, ringing: now?.ringing ?? false };
  }

  return [
    route({
      ...{ method: 'get', path: '/desk-targets', summary: 'Where a caller can be sent, and telephones to sign in at' },
      ...{ tag: TAG, needs: ['desk.use', 'floor.view'], reply: DeskTargets },
      async handle() {
        const [queues, flows, stations] = await Promise.all([db.queues.list(), db.flows.list(), engine.stations()]);
        const named = ({ id, name }: { id: string; name: string }) => ({ id, name });
        return {
          queues: queues.map(named),
          flows: flows.map(named),
          stations: stations.map(({ station, name, reachable, agentId }) => ({
            ...{ station, name, reachable, agentId },
            browser: ports.webPhones.available() && ports.webPhones.has(station),
          })),
        };
      },
    }),
    route({
      ...{ method: 'get', path: '/agents/:id/phone', summary: 'The telephone at which he is signed in', tag: TAG },
      ...{ needs: ['desk.use', 'floor.force'], params: ById, reply: DeskPhone, errors: ['agent_not_yours'] },
      handle({ params: { id }, identity }) {
        mustBeOwn(ports, identity, id);
        return phoneOf(id);
      },
    }),
    route({
      ...{ method: 'post', path: '/agents/:id/phone', tag: TAG, needs: ['desk.use', 'floor.force'], params: ById },
      summary: 'Lift his telephone, or put it down, where a page can: at a simulated one',
      ...{ body: DeskPhoneAction, reply: DeskPhone },
      errors: ['agent_not_yours', 'agent_signed_out', 'phone_by_hand', 'phone_wrong_state'],
      async handle({ params: { id }, body: { action }, identity }) {
        mustBeOwn(ports, identity, id);
        const { station, liftable } = await phoneOf(id);
        if (station === null) throw new AppError('agent_signed_out', { id });
        if (!liftable) throw new AppError('phone_by_hand', { station });
        await (action === 'lift' ? exchange.lift(station) : exchange.hangUpPhone(station));
        return phoneOf(id);
      },
    }),
  ];
}
