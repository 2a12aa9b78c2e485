import type { AgentState, Colleague } from '@cordboard/daemon/contract';

const ORDER: readonly AgentState[] = ['ready', 'ringing', 'talking', 'wrapUp', 'notReady', 'signedOut'];

/** The others, who can take a call first; of those alike, who serves the same queues. */
export function colleaguesOf(
  live: { colleagues: ReadonlyMap<string, Colleague>; agents: ReadonlyMap<string, Colleague> },
  own: string | null,
  queues: readonly string[],
): Colleague[] {
  const all = live.colleagues.size > 0 ? live.colleagues : live.agents;
  const shares = (one: Colleague): number => (one.queues.some((id) => queues.includes(id)) ? 0 : 1);
  return [...all.values()]
    .filter(({ id }) => id !== own)
    .sort(
      (a, b) =>
        ORDER.indexOf(a.state) - ORDER.indexOf(b.state) || shares(a) - shares(b) || a.id.localeCompare(b.id, 'en'),
    );
}
