// Every strategy of a queue, with real calls over the virtual card: who is rung, why it is he, and that the two hear each other. What a
// strategy should do is worked out here from the stored segments, not asked of the matcher.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QueueStrategy } from '../../daemon/src/contract/index.js';
import type { SegmentRow } from '../../daemon/src/db/index.js';
import type { Box } from '../../daemon/src/main/box.js';
import {
  callIn,
  nothingLeaks,
  phase,
  recordingOf,
  signInByPhone,
  startTestBox,
  stationFree,
  storedCall,
  waitFor,
  whileRunning,
} from '../support/box.js';
import { share } from '../support/dtmf.js';
import { stereoAlaw } from '../support/wav.js';

/** What each says once he has lifted, and its tone in Hz. */
const VOICES = { '2001': ['welcome', 500], '2002': ['main-menu', 600], '2003': ['goodbye', 900] } as const;
type AgentId = keyof typeof VOICES;
const AGENTS = Object.keys(VOICES) as AgentId[];
const CALLER = ['no-agent', 800] as const;
const voice = (name: string): string => join(box.config.home, 'test-prompts', 'en', `${name}.wav`);
const stationOf = (agent: string): number => Number(agent) - 2000;

const running = whileRunning();
let box: Box;
let numbers = 96_000;

beforeAll(async () => {
  box = await startTestBox({ env: { CORDBOARD_RECORDINGS_ENCRYPT: 'false' } }, running);
  for (const agent of AGENTS) {
    await signInByPhone(box, agent, stationOf(agent));
    await box.exchange.setBehaviour(stationOf(agent), {
      ...{ answer: true, answerAfterMs: 20, play: VOICES[agent][0], hangUpAfterMs: null, hangUpOnTone: true },
    });
  }
});
afterAll(() => running.end());

async function api(method: string, path: string, body: unknown): Promise<void> {
  const token = readFileSync(join(box.config.home, 'local-token'), 'utf8').trim();
  const response = await fetch(new URL(`api/v1${path}`, box.url), {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
}

interface Member {
  agentId: AgentId;
  position?: number;
  weight?: number;
  penalty?: number;
}
const everybody: Member[] = AGENTS.map((agentId, i) => ({ agentId, position: i }));

/** A queue of its own with a number that leads into it; its number. */
async function queueOf(strategy: QueueStrategy, members = everybody, more: object = {}): Promise<string> {
  const calledNumber = String((numbers += 1));
  const queueId = `q${calledNumber}`;
  await api('POST', '/queues', { id: queueId, name: queueId, strategy, wrapUpMs: 0, ...more });
  await api('PUT', `/queues/${queueId}/members`, members);
  await api('POST', '/routes', { calledNumber, language: 'en', target: { kind: 'queue', queueId } });
  await waitFor(box.live, 'agent.updated', () => {
    const inIt = AGENTS.filter((agent) => box.agents.find(agent)?.queues.includes(queueId));
    return inIt.length === members.length;
  });
  return calledNumber;
}

interface Served {
  agent: AgentId;
  /** every telephone that rang */
  rang: string[];
  code: unknown;
  talkMs: number;
  at: number;
}

/** One call, from the ring to the last row of it; both have heard each other. */
async function serve(calledNumber: string, talkMs = 350): Promise<Served> {
  const { callId } = await callIn(box, { calledNumber, talkMs, playFile: voice(CALLER[0]) });
  await phase(box, callId, 'talking');
  const { segments } = await storedCall(box, callId);
  const offers = segments.filter(({ kind }) => kind === 'offer');
  const answered = offers.find(({ data }) => data['outcome'] === 'answered')!;
  const agent = answered.data['agentId'] as AgentId;
  const talk = segments.find(({ kind }) => kind === 'talk')!;
  const { left, right } = stereoAlaw(await recordingOf(box, callId));
  expect(sounds(left, CALLER[1]), 'the caller is heard').toBe(true);
  expect(sounds(right, VOICES[agent][1]), `${agent} is heard`).toBe(true);
  for (const one of AGENTS) await stationFree(box, stationOf(one));
  await waitFor(box.live, 'agent.updated', () => AGENTS.every((one) => box.agents.find(one)?.state === 'ready'));
  return { agent, rang: offers.map(rung), code: codeOf(answered), talkMs: length(talk), at: talk.endedAt! };
}

const rung = ({ data }: SegmentRow): string => String(data['agentId']);
const codeOf = ({ data }: SegmentRow): unknown => (data['why'] as { code: unknown }).code;
const length = ({ startedAt, endedAt }: SegmentRow): number => endedAt! - startedAt;

/** Whether a tone is most of what is heard for a tenth of a second. */
function sounds(octets: Uint8Array, hertz: number): boolean {
  for (let at = 0; at + 800 <= octets.length; at += 400)
    if (share(octets.subarray(at, at + 800), hertz) > 0.7) return true;
  return false;
}

async function served(calledNumber: string, calls: number): Promise<Served[]> {
  const all: Served[] = [];
  for (let i = 0; i < calls; i += 1) all.push(await serve(calledNumber));
  return all;
}

const agentsOf = (all: readonly Served[]): string[] => all.map(({ agent }) => agent);

describe('a queue rings', () => {
  it('who has been idle longest', async () => {
    const all = await served(await queueOf('longest_idle'), 4);
    // From the second call on the one whose last talk ended first.
    const ended = new Map<string, number>();
    for (const [i, { agent, at }] of all.entries()) {
      const others = AGENTS.filter((one) => one !== agent);
      if (i > 0) expect(others.every((one) => (ended.get(one) ?? 0) >= (ended.get(agent) ?? 0))).toBe(true);
      ended.set(agent, at);
    }
    expect(new Set(agentsOf(all).slice(0, 3)).size).toBe(3);
    expect(all.map(({ code }) => code)).toEqual(Array(4).fill('longest_idle'));
  });

  it('one after the other', async () => {
    const order: Member[] = [
      { agentId: '2003', position: 1 },
      { agentId: '2001', position: 2 },
      { agentId: '2002', position: 3 },
    ];
    const all = await served(await queueOf('round_robin', order), 4);
    expect(agentsOf(all)).toEqual(['2003', '2001', '2002', '2003']);
  });

  it('who has had fewest calls', async () => {
    const all = await served(await queueOf('fewest_calls'), 4);
    expect(new Set(agentsOf(all).slice(0, 3)).size).toBe(3);
    expect(all[3]!.code).toBe('fewest_calls');
  });

  it('who has talked least', async () => {
    const number = await queueOf('least_talk', everybody.slice(0, 2));
    const long = await serve(number, 3000);
    // Whoever had the long one is passed over until the other has talked as long.
    const others = await served(number, 3);
    const other = AGENTS.slice(0, 2).find((one) => one !== long.agent);
    expect(others.reduce((sum, { talkMs }) => sum + talkMs, 0)).toBeLessThan(long.talkMs);
    expect(agentsOf(others)).toEqual(Array(3).fill(other));
  });

  it('who can do best what is asked for, and nobody who cannot', async () => {
    for (const [agent, level] of [
      ['2001', 3],
      ['2002', 9],
      ['2003', 1],
    ] as const) {
      const skills = [{ skill: 'english', level }];
      await api('PUT', `/agents/${agent}/abilities`, { skills, regions: [], customerLevels: [] });
    }
    const routing = { skills: [{ skill: 'english', minLevel: 2 }] };
    const number = await queueOf('skill_level', everybody, { routing });
    expect(agentsOf(await served(number, 2))).toEqual(['2002', '2002']);
    await box.agents.setState('2002', { state: 'notReady', reason: '1' }, { by: 'li', forced: true });
    const { callId } = await callIn(box, { calledNumber: number, talkMs: 300, playFile: voice(CALLER[0]) });
    await phase(box, callId, 'talking');
    expect(box.calls.find(callId)!.agentId).toBe('2001');
    await storedCall(box, callId);
    await stationFree(box, 1);
    await box.agents.setState('2002', { state: 'ready' }, { by: 'li', forced: true });
  });

  it('all at once, and the first who lifts has it', async () => {
    const number = await queueOf('ring_all');
    for (const agent of ['2001', '2003'] as const)
      await box.exchange.setBehaviour(stationOf(agent), {
        ...{ answer: true, answerAfterMs: 20_000, play: VOICES[agent][0], hangUpAfterMs: null, hangUpOnTone: true },
      });
    const { agent, rang, code } = await serve(number);
    expect([agent, rang.sort(), code]).toEqual(['2002', AGENTS, 'ring_all']);
    for (const one of ['2001', '2003'] as const)
      await box.exchange.setBehaviour(stationOf(one), {
        ...{ answer: true, answerAfterMs: 20, play: VOICES[one][0], hangUpAfterMs: null, hangUpOnTone: true },
      });
  });

  it('by places, and by penalty before that', async () => {
    const order: Member[] = [
      { agentId: '2001', position: 1, penalty: 5 },
      { agentId: '2002', position: 3 },
      { agentId: '2003', position: 2 },
    ];
    expect(agentsOf(await served(await queueOf('linear', order), 2))).toEqual(['2003', '2003']);
  });

  it('anybody', async () => {
    const all = await served(await queueOf('random'), 8);
    // That all eight draw the same one happens once in two thousand times.
    expect(new Set(agentsOf(all)).size).toBeGreaterThan(1);
    expect(all[0]!.code).toBe('random');
  });

  it('by weight', async () => {
    const shares: Member[] = [
      { agentId: '2001', weight: 3 },
      { agentId: '2002', weight: 1 },
    ];
    const all = agentsOf(await served(await queueOf('weighted', shares), 4));
    expect([all.filter((one) => one === '2001').length, all.filter((one) => one === '2002').length]).toEqual([3, 1]);
  });

  it('the agent whom the caller had last', async () => {
    const number = await queueOf('linear', everybody, { routing: { lastAgentWaitMs: 5000 } });
    const first = await serve(number);
    // The last of all queues: whoever that was, it is he again, though another one has the first place.
    const again = await serve(number);
    expect([again.agent, again.code]).toEqual([first.agent, 'last_agent']);
  });
});

it('leaves nothing behind', () => nothingLeaks(box));
