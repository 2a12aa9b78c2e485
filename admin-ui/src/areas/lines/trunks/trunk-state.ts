import type { AnalogLine, Call, FxoTrunk, SipTrunkStatus, Span, Trunk } from '@cordboard/daemon/contract';
import type { Mark } from '@/components/StateMark.vue';
import { isDead } from '@/components/span-slots';

export type TrunkWord = 'up' | 'down' | 'registering' | 'refused' | 'off' | 'alarm' | 'partly' | 'unknown';

export const trunkMarks: Record<TrunkWord, Mark> = {
  ...{ up: 'ready', down: 'fault', registering: 'ringing', refused: 'fault' },
  ...{ off: 'signedOut', alarm: 'fault', partly: 'ringing', unknown: 'notReady' },
};

const works = (span: Span): boolean => !isDead(span) && span.dchannelUp;

export function trunkWord(
  trunk: Trunk,
  spans: ReadonlyMap<number, Span>,
  status: SipTrunkStatus | undefined,
  lines: readonly AnalogLine[],
): TrunkWord {
  if (!trunk.enabled) return 'off';
  if (trunk.kind === 'sip') return status?.state ?? 'unknown';
  if (trunk.kind === 'fxo') {
    const good = linesOf(trunk, lines).filter(({ voltage, fault }) => voltage && fault === null).length;
    return good === trunk.lines.length ? 'up' : good === 0 ? 'alarm' : 'partly';
  }
  const known = trunk.spans.flatMap((span) => spans.get(span) ?? []);
  const good = known.filter(works).length;
  if (good === trunk.spans.length) return 'up';
  return good === 0 ? 'alarm' : 'partly';
}

export const linesOf = ({ lines }: FxoTrunk, all: readonly AnalogLine[]): AnalogLine[] =>
  all.filter(({ line }) => lines.includes(line));

/** Calls over it now: busy timeslots, or parties that are behind it. */
export function callsOver(
  trunk: Trunk,
  spans: ReadonlyMap<number, Span>,
  calls: Iterable<Call>,
  lines: readonly AnalogLine[],
): number {
  if (trunk.kind === 'fxo') return linesOf(trunk, lines).filter(({ state }) => state !== 'idle').length;
  if (trunk.kind === 'e1')
    return trunk.spans.flatMap((span) => spans.get(span)?.timeslots ?? []).filter(({ busy }) => busy).length;
  let count = 0;
  for (const { parties } of calls) count += parties.filter(({ place }) => place === `trunk ${trunk.id}`).length;
  return count;
}

/** An E1 carries no more than it has speech timeslots, whatever the limit. */
export function mostOf(trunk: Trunk, spans: ReadonlyMap<number, Span>): number {
  if (trunk.kind === 'sip') return trunk.maxCalls;
  if (trunk.kind === 'fxo') return Math.min(trunk.maxCalls, trunk.lines.length);
  return trunk.spans.reduce((sum, span) => sum + (spans.get(span)?.timeslots.length ?? 30), 0);
}

type Translate = (key: string, named?: Record<string, unknown>) => string;

/** Why, as far as the box knows it. What a carrier has written stays as it is, and is said to be the carrier's. */
export function detailText(detail: string, t: Translate): string {
  if (detail === '') return '';
  if (detail === 'no host answers') return t('lines.trunks.details.noHost');
  if (detail === 'no answer to REGISTER') return t('lines.trunks.details.noRegister');
  const silent = /^no answer: (.*)$/.exec(detail);
  if (silent) return t('lines.trunks.details.silent', { hosts: silent[1] });
  return t('lines.trunks.details.carrier', { text: detail });
}
