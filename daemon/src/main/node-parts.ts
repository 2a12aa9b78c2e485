// What nodes of flows need of calendars and of call control, handed to them where the box is put together.
import type { AgentBook } from '../agents/index.js';
import type { PutThroughTo } from '../calls/index.js';
import type { NumberClass, OpenReason } from '../contract/index.js';
import type { CalendarsPort, FlowPorts, TransferOutcome, TransferPort } from '../ivr/index.js';
import type { Clock } from '../platform/index.js';
import type { Routing } from './routing.js';

/** Of those on duty who are called one after the other for one caller. */
const MOST_ON_DUTY_CALLED = 10;

export interface NodePartsOptions {
  routing: Routing;
  agents: Pick<AgentBook, 'list' | 'find'>;
  /** what flows may call outside */
  allowedClasses: readonly NumberClass[];
  clock: Clock;
}

export function nodePorts(options: NodePartsOptions): Pick<FlowPorts, 'calendars' | 'transfer'> {
  return { calendars: calendarsPort(options), transfer: transferPort(options) };
}

function calendarsPort({ routing: { calendars } }: NodePartsOptions): CalendarsPort {
  return {
    applied: () => calendars.applied(),
    ids: () => calendars.ids(),
    isOpen(id, at) {
      const { open, reason, until } = calendars.isOpen(id, at);
      return { open, reason: reasonText(reason), until };
    },
  };
}

/** A word that flows can compare, and the name that people gave it. */
function reasonText(reason: OpenReason): string {
  if (reason.code === 'override') return `override ${reason.reason}`.trim();
  return reason.code === 'specialDay' ? `specialDay ${reason.name}` : 'hours';
}

function transferPort({ routing, agents, allowedClasses, clock }: NodePartsOptions): TransferPort {
  const { calendars } = routing;
  return {
    agents: () => new Set(agents.list().map(({ id }) => id)),
    rotas: () => calendars.groupIds(),
    async transfer(session, target, options) {
      const call = (to: PutThroughTo): Promise<TransferOutcome> =>
        session.putThrough?.(to, options) ?? Promise.resolve('failed');
      switch (target.kind) {
        case 'number':
          return call({ number: target.number, allowedClasses });
        case 'agent': {
          const found = agents.find(target.agent);
          if (found === undefined) return 'unknown';
          if (found.station === null || found.state === 'notReady' || found.state === 'signedOut') return 'noAnswer';
          // Not even where his telephone could take a second call.
          return found.state === 'ready' ? call({ station: found.station }) : 'busy';
        }
        case 'duty': {
          await calendars.applied();
          const { people } = calendars.onDuty(target.rota, clock.wallMs());
          let last: TransferOutcome = 'noAnswer';
          for (const { number } of people.slice(0, MOST_ON_DUTY_CALLED)) {
            last = await call({ number, allowedClasses });
            if (last === 'over') break;
          }
          return last;
        }
      }
    },
  };
}
