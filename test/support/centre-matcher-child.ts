// How long a decision takes: 400 agents, 40 queues, 300 calls that wait; one thing changes, and the matcher decides.
import { Matcher, type Candidate, type WaitingCall } from '../../daemon/src/acd/matcher/index.js';
import { QueueStrategy } from '../../daemon/src/contract/index.js';
import { candidate, policy, seeded, waiting } from './match-input.js';

const [decisions = 20_000] = process.argv.slice(2).map(Number);
const [AGENTS, QUEUES, WAITING] = [400, 40, 300];
const SKILLS = ['english', 'tax', 'fibre', 'billing'];
const random = seeded(7);
const upTo = (n: number): number => Math.floor(random() * n);

const matcher = new Matcher(random);
for (let q = 0; q < QUEUES; q += 1) {
  const strategy = QueueStrategy.options[q % QueueStrategy.options.length]!;
  const relax = [
    { afterMs: 30_000, action: 'lower' as const, skill: null, by: 2 },
    { afterMs: 60_000, action: 'widen' as const, queueId: `queue-${(q + 1) % QUEUES}` },
  ];
  matcher.putQueue(policy(`queue-${q}`, { strategy, relax, ageingPerS: q % 3 === 0 ? 0.1 : 0, weight: 1 + (q % 4) }));
}
const agents: Candidate[] = Array.from({ length: AGENTS }, (_, i) => {
  const queues = Object.fromEntries(
    Array.from({ length: 6 }, () => [`queue-${upTo(QUEUES)}`, { calls: upTo(40), position: i }]),
  );
  const skills = Object.fromEntries(SKILLS.filter(() => random() < 0.6).map((skill) => [skill, 1 + upTo(10)]));
  return candidate(String(1000 + i), { queues, skills, unavailable: 'talking' });
});
for (const agent of agents) matcher.putAgent(agent);

let calls = 0;
let now = 0;
function arrive(): WaitingCall {
  calls += 1;
  const skills = random() < 0.5 ? [{ skill: SKILLS[upTo(SKILLS.length)]!, minLevel: 1 + upTo(9) }] : [];
  const queueId = `queue-${upTo(QUEUES)}`;
  return waiting(`call-${calls}`, { queueId, skills, enteredAt: now, priority: upTo(10), vip: random() < 0.02 });
}
for (let i = 0; i < WAITING; i += 1) matcher.putCall(arrive());

// An agent becomes ready or a caller comes; what is offered is taken, and somebody comes in his place.
const tookMs: number[] = [];
let offered = 0;
for (let i = 0; i < decisions + 1000; i += 1) {
  now += 100;
  const agent = agents[upTo(AGENTS)]!;
  const begun = process.hrtime.bigint();
  matcher.putAgent({ ...agent, unavailable: null, readySince: now });
  const offers = matcher.decide(now);
  const ended = process.hrtime.bigint();
  if (i >= 1000) tookMs.push(Number(ended - begun) / 1e6);
  for (const { callId, agents: chosen } of offers) {
    offered += 1;
    matcher.removeCall(callId);
    for (const { agentId } of chosen) matcher.putAgent({ ...matcher.agent(agentId)!, unavailable: 'talking' });
    matcher.putCall(arrive());
  }
}
// All free at once, and nobody fits: the dearest that there is.
for (const agent of agents) matcher.putAgent({ ...agent, unavailable: null, readySince: now });
const begun = process.hrtime.bigint();
const all = matcher.decide(now).length;
const wholeMs = Number(process.hrtime.bigint() - begun) / 1e6;
tookMs.sort((a, b) => a - b);
const at = (share: number): number => tookMs[Math.floor((tookMs.length - 1) * share)]!;
process.stdout.write(
  `${JSON.stringify({ decisions: tookMs.length, offered, p50Ms: at(0.5), p99Ms: at(0.99), longestMs: at(1), all, wholeMs })}\n`,
);
