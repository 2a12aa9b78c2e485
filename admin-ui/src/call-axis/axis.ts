import type { CallDetail, Segment } from '@cordboard/daemon/contract';
import type { Mark } from '@/components/StateMark.vue';

/*
 * segments of a call → rows of bars on one axis. Pure: the page gives it the call and the time, and words are put on
 * the bars by the page.
 */

/** What happens to somebody while, or after, he talks: drawn over the rest. */
type Aside = 'held' | 'parked' | 'lent' | 'conference' | 'survey' | 'callback';

export interface Bar {
  id: string;
  kind: 'arriving' | 'prompt' | 'menu' | 'queued' | 'offer' | 'dial' | 'talk' | Aside | 'consult' | 'monitor';
  mark: Mark;
  from: number;
  to: number;
  /** keys pressed meanwhile */
  digits: string;
  agentId?: string;
  queueId?: string;
}

export interface AgentRow {
  agentId: string;
  bars: Bar[];
}

/** Somebody who comes to a talk: one who is consulted (`who`: the number), one who supervises (`who`: his name). */
export interface GuestRow {
  id: string;
  kind: 'consult' | 'monitor';
  who: string;
  bars: Bar[];
}

export interface Axis {
  from: number;
  to: number;
  caller: Bar[];
  agents: AgentRow[];
  guests: GuestRow[];
  /** pressed so closely that their signs would cover one another: one sign */
  keys: { id: string; at: number; digit: string }[];
  ticks: { at: number; offsetMs: number }[];
}

/** an axis is at least this long, so that a call of no length can be drawn, ms */
const shortest = 1000;

export function axisOf(call: CallDetail, now: number): Axis {
  const endOf = (segment: Segment) => segment.endedAt ?? call.endedAt ?? now;
  const from = Math.min(call.startedAt, ...call.segments.map((segment) => segment.startedAt));
  const to = Math.max(from + shortest, call.endedAt ?? now, ...call.segments.map(endOf));

  const sorted = [...call.segments].sort((a, b) => a.startedAt - b.startedAt || (a.id < b.id ? -1 : 1));
  const keys = sorted
    .filter((segment) => segment.kind === 'digit')
    .map((segment) => ({ id: segment.id, at: segment.startedAt, digit: text(segment, 'digit') }));

  const bar = (segment: Segment, kind: Bar['kind'], mark: Mark): Bar => ({
    id: segment.id,
    kind,
    mark,
    from: segment.startedAt,
    to: endOf(segment),
    digits: keys
      .filter(({ at }) => at >= segment.startedAt && at <= endOf(segment))
      .map(({ digit }) => digit)
      .join(''),
    agentId: text(segment, 'agentId') || undefined,
    queueId: text(segment, 'queueId') || undefined,
  });

  const of = (kind: Segment['kind']) => sorted.filter((segment) => segment.kind === kind);
  const talks = of('talk').map((segment) => bar(segment, 'talk', 'talking'));
  const menus = of('menu').map((segment) => bar(segment, 'menu', 'inFlow'));
  // what is played within a menu belongs to it
  const prompts = of('prompt')
    .map((segment) => bar(segment, 'prompt', 'inFlow'))
    .filter((prompt) => !menus.some((menu) => prompt.from >= menu.from && prompt.to <= menu.to));
  const queued = of('queued').map((segment) => bar(segment, 'queued', 'ringing'));
  const dials = of('dial').map((segment) => bar(segment, 'dial', 'ringing'));
  const offers = of('offer').map((segment) => bar(segment, 'offer', 'ringing'));

  const asides = ASIDES.flatMap(([kind, mark]) => of(kind).map((segment) => bar(segment, kind, mark)));
  const holds = asides.filter(({ kind }) => kind === 'held');

  const caller = trim([...prompts, ...menus, ...queued, ...dials, ...talks]);
  const first = [...caller, ...asides].reduce((least, { from: at }) => Math.min(least, at), to);
  if (first > from) {
    caller.unshift({ id: 'arriving', kind: 'arriving', mark: 'inFlow', from, to: first, digits: '' });
  }

  const agents = new Map<string, Bar[]>();
  for (const piece of trim([...offers, ...talks])) {
    const agentId = piece.agentId ?? call.agentId;
    if (agentId) agents.set(agentId, [...(agents.get(agentId) ?? []), piece]);
  }

  const guests = (['consult', 'monitor'] as const).flatMap((kind) =>
    of(kind).map((segment): GuestRow => {
      const who = text(segment, kind === 'consult' ? 'number' : 'by');
      return { id: segment.id, kind, who, bars: [bar(segment, kind, kind === 'consult' ? 'talking' : 'inFlow')] };
    }),
  );

  return {
    from,
    to,
    caller: [...caller, ...asides],
    agents: [...agents].map(([agentId, bars]) => ({ agentId, bars: [...bars, ...within(holds, bars)] })),
    guests,
    keys: apart(keys, (to - from) / 40),
    ticks: ticks(from, to),
  };
}

const ASIDES: readonly (readonly [Aside, Mark])[] = [
  ['held', 'holding'],
  ['parked', 'holding'],
  ['lent', 'inFlow'],
  ['conference', 'talking'],
  ['survey', 'wrapUp'],
  ['callback', 'ringing'],
];

/** One sign for those that follow each other within `leastMs`, in their middle. */
function apart(keys: Axis['keys'], leastMs: number): Axis['keys'] {
  const groups: Axis['keys'][] = [];
  for (const key of keys) {
    const last = groups.at(-1);
    if (last && key.at - (last.at(-1)?.at ?? 0) < leastMs) last.push(key);
    else groups.push([key]);
  }
  return groups.map((group) => ({
    id: group[0]?.id ?? '',
    at: ((group[0]?.at ?? 0) + (group.at(-1)?.at ?? 0)) / 2,
    digit: group.map(({ digit }) => digit).join(''),
  }));
}

/** Those that begin while one of `bars` is a talk. */
function within(asides: readonly Bar[], bars: readonly Bar[]): Bar[] {
  const talks = bars.filter(({ kind }) => kind === 'talk');
  return asides.filter((aside) => talks.some((talk) => aside.from >= talk.from && aside.from < talk.to));
}

/** In time's order; one that runs into the next ends where that begins. */
function trim(bars: Bar[]): Bar[] {
  const inOrder = [...bars].sort((a, b) => a.from - b.from || a.to - b.to);
  return inOrder.map((bar, i) => {
    const next = inOrder.slice(i + 1).find((other) => other.from > bar.from && other.agentId === bar.agentId);
    const following = bar.kind === 'offer' ? next : inOrder[i + 1];
    return following && following.from < bar.to && following.from > bar.from ? { ...bar, to: following.from } : bar;
  });
}

const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600].map((seconds) => seconds * 1000);

/** Round times from the beginning of the call, ten at most. */
function ticks(from: number, to: number): Axis['ticks'] {
  const length = to - from;
  const step = steps.find((ms) => length / ms <= 10) ?? 3_600_000;
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => ({ at: from + i * step, offsetMs: i * step }));
}

/** A word that belongs to a segment's kind; empty when it is not there. */
export function text(segment: Segment, key: string): string {
  const value = segment.data[key];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}
