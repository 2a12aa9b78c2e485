// What holds for the matcher whatever waits and whoever is free.
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import {
  Matcher,
  compareDue,
  dueOf,
  ineligible,
  match,
  requirementsOf,
  type Candidate,
  type MatchInput,
  type QueuePolicy,
  type WaitingCall,
} from '../../daemon/src/acd/matcher/index.js';
import { QueueStrategy } from '../../daemon/src/contract/index.js';
import { candidate, policy, seeded, waiting } from '../support/match-input.js';

// Much to compute on a busy machine; nothing in here waits for a clock.
vi.setConfig({ testTimeout: 120_000 });

const QUEUES = ['a', 'b', 'c', 'd'];
const SKILLS = ['en', 'zh', 'tax'];
const AGENTS = Array.from({ length: 12 }, (_, i) => String(i + 1));
const NOW = 600_000;

const level = fc.integer({ min: 1, max: 10 });
const skills = fc.uniqueArray(fc.record({ skill: fc.constantFrom(...SKILLS), minLevel: level }), {
  selector: ({ skill }) => skill,
  maxLength: 2,
});
const attribute = fc.option(fc.constantFrom('north', 'south'));
const afterMs = fc.integer({ min: 0, max: NOW });
const oneSkill = fc.option(fc.constantFrom(...SKILLS));
const relax = fc.array(
  fc.oneof(
    fc.record({ afterMs, action: fc.constant('lower' as const), skill: oneSkill, by: fc.integer({ min: 1, max: 9 }) }),
    fc.record({ afterMs, action: fc.constant('drop' as const), skill: oneSkill }),
    fc.record({ afterMs, action: fc.constant('widen' as const), queueId: fc.constantFrom(...QUEUES) }),
    fc.record({ afterMs, action: fc.constant('anyRegion' as const) }),
    fc.record({ afterMs, action: fc.constant('anyCustomerLevel' as const) }),
  ),
  { maxLength: 4 },
);
const rule = fc.constantFrom('off' as const, 'prefer' as const, 'require' as const);
const policies: fc.Arbitrary<QueuePolicy[]> = fc.tuple(
  ...QUEUES.map((queueId) =>
    fc
      .record({
        strategy: fc.constantFrom(...QueueStrategy.options),
        ageingPerS: fc.constantFrom(0, 0.01, 1),
        weight: fc.integer({ min: 1, max: 5 }),
        vip: fc.constantFrom('off' as const, 'boost' as const, 'first' as const),
        ...{ skills, relax, region: rule, customerLevel: rule },
        ringAllMost: fc.integer({ min: 1, max: 4 }),
      })
      .map((one) => policy(queueId, one)),
  ),
);
const calls: fc.Arbitrary<WaitingCall[]> = fc
  .array(
    fc.record({
      queueId: fc.constantFrom(...QUEUES),
      enteredAt: fc.integer({ min: 0, max: NOW }),
      priority: fc.integer({ min: 0, max: 9 }),
      vip: fc.boolean(),
      ...{ skills, region: attribute, customerLevel: attribute },
      preferred: fc.option(
        fc.record({
          agentId: fc.constantFrom(...AGENTS, '99'),
          rule: fc.constantFrom('last_agent' as const, 'named_agent' as const),
          waitMs: fc.integer({ min: 0, max: NOW }),
        }),
        { freq: 4 },
      ),
      missedBy: fc.subarray(AGENTS, { maxLength: 3 }).map((all) => new Set(all)),
    }),
    { maxLength: 25 },
  )
  .map((all) => all.map((one, i) => waiting(`call-${String(i).padStart(2, '0')}`, one)));
const agents: fc.Arbitrary<Candidate[]> = fc.subarray(AGENTS).chain((ids) =>
  fc.tuple(
    ...ids.map((id) =>
      fc
        .record({
          readySince: fc.integer({ min: 0, max: NOW }),
          unavailable: fc.constantFrom(null, null, null, 'talking' as const, 'signed_out' as const),
          queues: fc.dictionary(
            fc.constantFrom(...QUEUES),
            fc.record({
              position: fc.integer({ min: 0, max: 5 }),
              penalty: fc.integer({ min: 0, max: 2 }),
              weight: fc.integer({ min: 1, max: 9 }),
              calls: fc.integer({ min: 0, max: 50 }),
              talkMs: fc.integer({ min: 0, max: 50_000 }),
              lastRungAt: fc.option(fc.integer({ min: 0, max: NOW })),
            }),
          ),
          skills: fc.dictionary(fc.constantFrom(...SKILLS), level),
          regions: fc.subarray(['north', 'south']),
          customerLevels: fc.subarray(['north', 'south']),
        })
        .map((one) => candidate(id, one)),
    ),
  ),
);
const input: fc.Arbitrary<MatchInput> = fc.record({ now: fc.constant(NOW), waiting: calls, agents, queues: policies });

/** Why this agent may not have this call now; null: he may. By the policy alone, not by what the matcher did. */
function barred({ now, agents: all, queues }: MatchInput, call: WaitingCall, agent: Candidate): object | null {
  const own = queues.find(({ queueId }) => queueId === call.queueId)!;
  const { preferred } = call;
  const awaited = all.find(({ agentId }) => agentId === preferred?.agentId);
  const untilMs = call.enteredAt + (preferred?.waitMs ?? 0);
  const waits =
    preferred !== null && awaited !== undefined && awaited.unavailable !== 'signed_out' && now < untilMs
      ? { code: 'waits_for_agent' as const, agentId: preferred.agentId, untilMs }
      : null;
  return ineligible(call, requirementsOf(call, own, now - call.enteredAt), agent, waits);
}

function check(property: (given: MatchInput) => void): void {
  fc.assert(fc.property(input, property), { numRuns: 150, seed: 20_260_101 });
}

describe('the matcher', () => {
  it('offers nobody two calls, no call twice, and only what agents may have and can be rung for', () => {
    check((given) => {
      const { offers } = match({ ...given, random: seeded(1) });
      const rung = offers.flatMap((offer) => offer.agents.map(({ agentId }) => agentId));
      expect(new Set(rung).size).toBe(rung.length);
      expect(new Set(offers.map(({ callId }) => callId)).size).toBe(offers.length);
      for (const { callId, agents: chosen } of offers) {
        const call = given.waiting.find((one) => one.callId === callId)!;
        expect(chosen.length).toBeGreaterThan(0);
        for (const { agentId } of chosen) {
          const agent = given.agents.find((one) => one.agentId === agentId)!;
          expect(agent.unavailable).toBeNull();
          expect(barred(given, call, agent)).toBeNull();
        }
      }
    });
  });

  it('overtakes no caller whom the agent may have served', () => {
    check((given) => {
      const { offers } = match({ ...given, random: seeded(1) });
      const served = new Set(offers.map(({ callId }) => callId));
      const due = (call: WaitingCall) =>
        dueOf(
          call,
          given.queues.find(({ queueId }) => queueId === call.queueId)!,
          given.now,
        );
      for (const offer of offers) {
        const call = given.waiting.find(({ callId }) => callId === offer.callId)!;
        for (const { agentId, reason } of offer.agents) {
          const agent = given.agents.find((one) => one.agentId === agentId)!;
          const before = given.waiting.filter((one) => !served.has(one.callId) && compareDue(due(one), due(call)) < 0);
          const whys = before.map((one) => barred(given, one, agent));
          expect(whys).not.toContain(null);
          // Those whom he serves at all stand in the reason.
          const counted = whys.filter((why) => (why as { code: string }).code !== 'other_queue');
          expect(reason.overtookCount).toBeGreaterThanOrEqual(counted.length);
        }
      }
    });
  });

  it('leaves no agent free whom a waiting call may have, and says why of every call that has nobody', () => {
    check((given) => {
      const { offers, unmatched } = match({ ...given, random: seeded(1) });
      const rung = new Set(offers.flatMap((offer) => offer.agents.map(({ agentId }) => agentId)));
      const free = given.agents.filter(({ agentId, unavailable }) => unavailable === null && !rung.has(agentId));
      for (const { callId } of unmatched) {
        const call = given.waiting.find((one) => one.callId === callId)!;
        for (const agent of free) expect(barred(given, call, agent)).not.toBeNull();
      }
      expect(offers.length + unmatched.length).toBe(given.waiting.length);
    });
  });

  it('gives the same for the same, in whatever order things are put in, and piece by piece', () => {
    check((given) => {
      const whole = match({ ...given, random: seeded(7) });
      const turned = { ...given, waiting: [...given.waiting].reverse(), agents: [...given.agents].reverse() };
      expect(match({ ...turned, random: seeded(7) }).offers).toEqual(whole.offers);
      const matcher = new Matcher(seeded(7));
      for (const agent of given.agents) matcher.putAgent({ ...agent, unavailable: 'talking' });
      for (const call of given.waiting) matcher.putCall(call);
      for (const queue of given.queues) matcher.putQueue({ ...queue, ageingPerS: 9 - queue.ageingPerS });
      for (const call of given.waiting) matcher.putCall(call);
      for (const queue of given.queues) matcher.putQueue(queue);
      for (const call of given.waiting) {
        matcher.removeCall(call.callId);
        matcher.putCall(call);
      }
      for (const agent of given.agents) matcher.putAgent(agent);
      expect(matcher.decide(given.now)).toEqual(whole.offers);
    });
  });

  it('explains itself within bounds', () => {
    check((given) => {
      for (const { agents: chosen } of match({ ...given, random: seeded(1) }).offers) {
        for (const { reason } of chosen) {
          expect(reason.passedOver.length).toBe(Math.min(5, reason.passedOverCount));
          expect(reason.overtook.length).toBe(Math.min(5, reason.overtookCount));
          expect(JSON.stringify(reason).length).toBeLessThan(2500);
          expect(JSON.parse(JSON.stringify(reason))).toEqual(reason);
        }
      }
    });
  });

  it('asks for less the longer a caller waits, never for more', () => {
    fc.assert(
      fc.property(
        calls,
        policies,
        agents,
        fc.integer({ min: 0, max: NOW }),
        fc.integer({ min: 0, max: NOW }),
        (all, queues, some, one, two) => {
          const [sooner, later] = [Math.min(one, two), Math.max(one, two)];
          for (const call of all) {
            const own = queues.find(({ queueId }) => queueId === call.queueId)!;
            for (const agent of some) {
              if (ineligible(call, requirementsOf(call, own, sooner), agent, null) !== null) continue;
              expect(ineligible(call, requirementsOf(call, own, later), agent, null)).toBeNull();
            }
          }
        },
      ),
      { numRuns: 100, seed: 20_260_102 },
    );
  });

  it('starves no queue by its weight, no call by ageing, and no agent by his weight', () => {
    const weight = fc.integer({ min: 1, max: 10 });
    fc.assert(
      fc.property(weight, weight, fc.integer(), (light, heavy, seed) => {
        const random = seeded(seed);
        const matcher = new Matcher();
        matcher.putQueue(policy('light', { weight: light, ageingPerS: 0.5 }));
        matcher.putQueue(policy('heavy', { weight: heavy, ageingPerS: 0.5 }));
        matcher.putAgent(candidate('1', { queues: { light: {}, heavy: {} } }));
        // Twice as many come as can be served, at any priority; one at the lowest priority is there from the beginning.
        matcher.putCall(waiting('old', { queueId: 'light', priority: 0 }));
        let servedAt: number | undefined;
        for (let t = 0; t < 600 && servedAt === undefined; t += 1) {
          for (const queueId of ['light', 'heavy']) {
            const priority = Math.floor(random() * 10);
            matcher.putCall(waiting(`${queueId}${t}`, { queueId, enteredAt: t * 1000, priority }));
          }
          const [offer] = matcher.decide(t * 1000);
          matcher.removeCall(offer!.callId);
          if (offer!.callId === 'old') servedAt = t;
        }
        expect(servedAt).toBeDefined();
      }),
      { numRuns: 30, seed: 20_260_103 },
    );
    const calls = { '1': 0, '2': 0 };
    for (let i = 0; i < 101; i += 1) {
      const all = (['1', '2'] as const).map((id) =>
        candidate(id, { queues: { sales: { calls: calls[id], weight: id === '1' ? 100 : 1 } } }),
      );
      const [offer] = match({
        now: 0,
        waiting: [waiting('A')],
        agents: all,
        queues: [policy('sales', { strategy: 'weighted' })],
      }).offers;
      calls[offer!.agents[0]!.agentId as '1' | '2'] += 1;
    }
    expect(calls).toEqual({ '1': 100, '2': 1 });
  });
});
