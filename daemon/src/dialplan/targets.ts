// What a route in leads to, and what becomes of one whom a black list refuses.
import type { FlowDefinition, Language, ListAction } from '../contract/index.js';
import type { RouteRow } from '../db/index.js';
import type { DialResolution } from '../lines/index.js';

/** Q.850 */
const cause = { unallocated: 1, noRoute: 3, userBusy: 17, callRejected: 21, notImplemented: 79 } as const;

/** The program that takes a message for a box. */
export const voicemailFlow = (box: string): string => `*voicemail/${box}`;

const inline = (language: Language, definition: FlowDefinition): DialResolution => ({
  ...{ kind: 'flow', flowId: '', language, definition },
});

function announce(prompt: string, language: Language, then: number): DialResolution {
  const nodes: FlowDefinition['nodes'] = {
    say: { type: 'play', prompts: [prompt], next: 'end' },
    end: { type: 'hangup', cause: then },
  };
  return inline(language, { start: 'say', nodes });
}

/** Into a conference room, and out of it the call is over. */
export function enterRoom(room: string, language: Language): DialResolution {
  return inline(language, {
    start: 'room',
    nodes: {
      room: { type: 'conference', to: room, next: 'end', refused: 'end' },
      end: { type: 'hangup', cause: 16 },
    },
  });
}

/** `inside`: a telephone or a group by its number. */
export function leadTo(
  { target, language }: RouteRow,
  inside: (number: string) => DialResolution | undefined,
): DialResolution {
  const gone = (what: string): DialResolution => ({
    kind: 'refused',
    cause: cause.unallocated,
    reason: `there is no ${what}`,
  });
  switch (target.kind) {
    case 'flow':
      return { kind: 'flow', flowId: target.flowId, language };
    case 'queue':
      return inline(language, { start: 'queue', nodes: { queue: { type: 'queue', queue: target.queueId } } });
    case 'station':
      return inside(String(target.station)) ?? gone(`telephone ${target.station}`);
    case 'group':
      return inside(String(target.group)) ?? gone(`ring group ${target.group}`);
    case 'announcement':
      return announce(target.prompt, language, 16);
    case 'voicemail':
      return { kind: 'flow', flowId: voicemailFlow(target.box), language };
    case 'voicemailMenu':
      return { kind: 'flow', flowId: '*mailbox', language };
    case 'conference':
      return enterRoom(target.room, language);
    case 'hangUp':
      return { kind: 'refused', cause: target.cause, reason: 'the route refuses the call' };
    case 'busy':
      return { kind: 'refused', cause: cause.userBusy, reason: 'the route is busy' };
  }
}

export function listAction(action: ListAction): DialResolution {
  switch (action.kind) {
    case 'refuse':
      return { kind: 'refused', cause: action.cause, reason: 'the caller stands on a black list' };
    case 'announcement':
      return announce(action.prompt, action.language, cause.callRejected);
    case 'flow':
      return { kind: 'flow', flowId: action.flowId, language: action.language };
  }
}
