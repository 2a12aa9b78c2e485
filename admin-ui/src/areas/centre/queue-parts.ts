import type {
  Agent,
  AgentAbilitiesOf,
  Queue,
  QueueMember,
  QueueStatus,
  QueueStrategy,
  QueueTarget,
} from '@cordboard/daemon/contract';

export const STRATEGIES: readonly QueueStrategy[] = [
  ...(['longest_idle', 'round_robin', 'fewest_calls', 'least_talk', 'skill_level'] as const),
  ...(['ring_all', 'linear', 'random', 'weighted'] as const),
];

/** Share of calls answered in time, of those that are over; empty while there is none. */
export function percent({ today }: QueueStatus): string {
  const settled = today.answered + today.abandoned;
  return settled === 0 ? '' : `${((today.answeredInTime / settled) * 100).toFixed(1)} %`;
}

export function targetOf(to: QueueTarget['to']): QueueTarget {
  if (to === 'queue') return { to, queueId: '' };
  if (to === 'voicemail') return { to, box: '' };
  return to === 'flow' ? { to, node: null } : { to };
}

/** Whom a call would ring now, as far as it can be told without the call: the order is that of the strategy. */
export function wouldRing(
  queue: Queue,
  members: readonly QueueMember[],
  agents: ReadonlyMap<string, Agent>,
  abilities: readonly AgentAbilitiesOf[],
) {
  const fits = (agentId: string): boolean => {
    const has = abilities.find((one) => one.agentId === agentId)?.skills ?? [];
    return queue.routing.skills.every(({ skill, minLevel }) =>
      has.some((one) => one.skill === skill && one.level >= minLevel),
    );
  };
  const free = members.flatMap((member) => {
    const agent = agents.get(member.agentId);
    const paused = agent?.pausedQueues.includes(queue.id) ?? false;
    return agent?.state === 'ready' && !paused ? [{ member, agent }] : [];
  });
  const byIdle = (a: (typeof free)[number], b: (typeof free)[number]): number => a.agent.since - b.agent.since;
  const ready = free.filter(({ agent }) => fits(agent.id));
  ready.sort(
    (a, b) =>
      a.member.penalty - b.member.penalty ||
      (queue.strategy === 'linear' ? a.member.position - b.member.position : 0) ||
      byIdle(a, b),
  );
  const least = ready[0]?.member.penalty ?? 0;
  const first = ready.filter(({ member }) => member.penalty === least);
  const certain = queue.strategy === 'longest_idle' || queue.strategy === 'linear';
  return {
    /** ready, but without the skills that the queue asks for */
    lacking: free.length - ready.length,
    how:
      queue.strategy === 'ring_all'
        ? ('all' as const)
        : certain || first.length === 1
          ? ('one' as const)
          : ('among' as const),
    agents: (queue.strategy === 'ring_all'
      ? ready.slice(0, queue.routing.ringAllMost)
      : certain
        ? ready.slice(0, 1)
        : first
    ).map(({ agent }) => agent),
  };
}
