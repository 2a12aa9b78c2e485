// Callbacks, put together: who is called when, what callers are asked, and what the pages may do.
import { CallbackDesk, CallbackService } from '../callback/index.js';
import type { AgentBook } from '../agents/index.js';
import type { CallControl, QueuePlaces } from '../calls/index.js';
import type { Callback, CallbackRule, LiveEvents } from '../contract/index.js';
import type { Db } from '../db/index.js';
import type { CallbacksPort } from '../http/index.js';
import type { FlowBook, PromptLibrary } from '../ivr/index.js';
import { isAppError, type Clock, type Log, type TypedEmitter } from '../platform/index.js';
import type { Routing } from './routing.js';

export interface CallbackPartsOptions {
  db: Db;
  calls: CallControl;
  places: QueuePlaces;
  agents: AgentBook;
  routing: Routing;
  flows: FlowBook;
  prompts: PromptLibrary;
  live: TypedEmitter<LiveEvents>;
  clock: Clock;
  log: Log;
}

export function makeCallbackParts(options: CallbackPartsOptions): CallbackService {
  const { routing, agents, prompts, flows, places, log } = options;
  const words: ConstructorParameters<typeof CallbackDesk>[0]['words'] = async (names, language) => {
    const { files, missing } = await prompts.findAll(names, language);
    if (missing.length > 0) log.warn({ missing, language }, 'prompts of callbacks are missing');
    return files;
  };
  const service = new CallbackService({
    ...options,
    words,
    async resolve(number, { allowedClasses, callingNumber }: CallbackRule) {
      const found = await routing.plan.resolve(number, { station: null, as: { allowedClasses, callingNumber } });
      if (found.kind === 'out' || found.kind === 'station' || found.kind === 'group') return found;
      const why = found.kind === 'refused' ? found.reason : 'the number is incomplete';
      return { en: why, zh: `拨号计划不允许（${why}）` };
    },
    isBarred: async (number) => (await routing.lists.verdict(number)).refused !== null,
    isOpen(calendarId, at) {
      try {
        return routing.calendars.isOpen(calendarId, at);
      } catch (error) {
        if (isAppError(error, 'calendar_not_found')) return undefined;
        throw error;
      }
    },
    agentLanguage: (id) => agents.find(id)?.language,
  });
  const normalise = (number: string): string => routing.plan.normalise(number);
  const desk = new CallbackDesk({ service, places, normalise, words, log });
  Object.assign(flows.ports, { callback: desk });
  return service;
}

/** What the pages may do. */
export function callbacksPort(service: CallbackService, routing: Routing): CallbacksPort {
  const { book } = service;
  return {
    take: ({ number, ...wanted }, by, also): Promise<Callback> =>
      book.take(
        { ...wanted, number: routing.plan.normalise(number), source: 'request', enteredAt: null, createdBy: by },
        also,
      ),
    cancel: (id, also) => book.cancel(id, also),
    reschedule: (id, at, also) => book.reschedule(id, at, also),
  };
}
