// Queues with agents at analog telephones and callers of the E1, heard: what is said to those who wait costs nobody his turn, nothing of a call
// that ends at the wrong moment is left, and supervisors are heard by those who are to hear them.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Queue, SignedIn } from '../../daemon/src/contract/index.js';
import { stationFree, waitFor } from '../support/box.js';
import { SoundFloor, type AnalogPhone, type E1Caller, type Party } from '../support/sound-floor.js';

const DESK = '96100';
const OTHER = '96101';
/** Of the caller who calls next. */
const [FIRST, SECOND, THIRD] = [4, 5, 6] as const;

let floor: SoundFloor;
let comfort: Party;
let served: Party;
let whispered: Party;
let phones: AnalogPhone[];

beforeAll(async () => {
  floor = await SoundFloor.start();
  const { api } = floor;
  comfort = floor.prompt('comfort', 7, 20_000);
  served = floor.prompt('queue-agent', 8, 3000);
  whispered = floor.prompt('whisper', 9, 3000);
  for (const word of ['digit-0', 'digit-1', 'digit-2', 'digit-3', 'queue-agent-serves']) floor.prompt(word, 8, 20);
  for (const [id, calledNumber] of [
    ['desk', DESK],
    ['other', OTHER],
  ] as const) {
    await api.request('POST', '/queues', { id, name: id });
    await api.request('POST', '/routes', { calledNumber, language: 'en', target: { kind: 'queue', queueId: id } });
  }
  await api.request('PUT', '/flows/vip', {
    name: 'vip',
    definition: { start: 'q', nodes: { q: { type: 'queue', queue: 'desk', vip: 'true' } } },
  });
  await api.request('POST', '/routes', {
    calledNumber: '96102',
    language: 'en',
    target: { kind: 'flow', flowId: 'vip' },
  });
});
afterAll(() => floor.end());

afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await floor.drop();
  for (const one of floor.box.agents.list()) {
    await waitFor(floor.box.live, 'agent.updated', () => {
      const { state } = floor.box.agents.find(one.id)!;
      return state !== 'talking' && state !== 'ringing';
    });
    if (floor.box.agents.find(one.id)!.state !== 'signedOut') await floor.box.agents.signOut(one.id);
  }
  await floor.clean();
});

const DEFAULTS = {
  ...{ strategy: 'linear', ringTimeoutMs: 15_000, wrapUpMs: 0, maxWaitMs: 600_000, maxLength: 0 },
  ...{ routing: {}, overflow: { to: 'hangUp' }, noAnswer: {}, announcements: {}, exits: [] },
};

/** The queue `desk` as it is to be, and who is in it; `other` has agent 2003. */
async function desk(settings: object = {}, members: string[] = ['2001', '2002']): Promise<void> {
  const { api, box } = floor;
  await api.request<Queue>('PATCH', '/queues/desk', { ...DEFAULTS, ...settings });
  await api.request<Queue>('PATCH', '/queues/other', DEFAULTS);
  const rows = (ids: string[]) => ids.map((agentId, position) => ({ agentId, position }));
  await api.request('PUT', '/queues/desk/members', rows(members));
  await api.request('PUT', '/queues/other/members', rows(['2003']));
  const inIt = (queue: string) => box.agents.list().filter(({ queues }) => queues.includes(queue)).length;
  await waitFor(box.live, 'agent.updated', () => inIt('desk') === members.length && inIt('other') === 1);
  phones = [await floor.phone(1), await floor.phone(2), await floor.phone(3), await floor.phone(4)];
}

const agentId = (station: number): string => String(2000 + station);
const stateOf = (station: number) => floor.box.agents.find(agentId(station))?.state;

async function signIn(...stations: number[]): Promise<void> {
  for (const station of stations) {
    await stationFree(floor.box, station);
    await floor.box.agents.signIn(agentId(station), station);
  }
}

async function agentIs(station: number, state: string): Promise<void> {
  await waitFor(floor.box.live, 'agent.updated', () => stateOf(station) === state);
}

/** He is in the queue, and can be listened to. */
async function waits(voice: number, calledNumber = DESK): Promise<E1Caller> {
  const caller = await floor.caller(voice, { calledNumber });
  await waitFor(floor.box.live, 'call.updated', () =>
    ['queued', 'offering'].includes(floor.box.calls.find(caller.callId)?.phase ?? ''),
  );
  await caller.speak();
  return caller;
}

/** He talks with the agent at this telephone. */
async function talks(caller: E1Caller, station = 1): Promise<void> {
  await phones[station - 1]!.answer();
  await floor.phase(caller.callId, 'talking');
  await floor.talk(caller, phones[station - 1]!);
}

async function talk(settings: object = {}): Promise<E1Caller> {
  await desk(settings);
  await signIn(1);
  const caller = await waits(FIRST);
  await talks(caller);
  return caller;
}

const GREETING = { announcements: { agentNumber: true, whisper: 'whisper' } };

describe('one who waits', () => {
  it('is put through out of the middle of a message', async () => {
    await desk({ announcements: { comfort: { firstAfterMs: 0, everyMs: 5000, prompts: ['comfort'] } } });
    const caller = await waits(FIRST);
    await floor.hears(caller, comfort);
    await signIn(1);
    await phones[0]!.rings();
    await floor.hears(caller, comfort);
    await talks(caller);
    await caller.hangUp();
    await floor.over(caller.callId);
  });

  it('hears who serves him while the agent hears which queue it is, and neither hears the other', async () => {
    await desk(GREETING);
    await signIn(1);
    const caller = await waits(FIRST);
    // What is said once is listened for before it can begin.
    await Promise.all([floor.hears(caller, served), floor.hears(phones[0]!, whispered), phones[0]!.answer()]);
    await floor.phase(caller.callId, 'talking');
    await floor.talk(caller, phones[0]!);
    await caller.hangUp();
    await floor.over(caller.callId);
  });

  it('has music again when the agent hangs up before, and the next agent has him', async () => {
    await desk(GREETING);
    await signIn(1);
    const caller = await waits(FIRST);
    await Promise.all([floor.hears(caller, served), phones[0]!.answer()]);
    await phones[0]!.hangUp();
    await floor.hears(caller, 'music');
    expect(floor.box.agents.find('2001')).toMatchObject({ state: 'notReady', reason: 'no_answer' });
    await signIn(2);
    await Promise.all([floor.hears(phones[1]!, whispered), phones[1]!.answer()]);
    await floor.phase(caller.callId, 'talking');
    await floor.talk(caller, phones[1]!);
    await phones[1]!.hangUp();
    expect(floor.outcomes(await floor.over(caller.callId), 'offer')).toEqual(['noAnswer', 'answered']);
  });

  it('leaves by a key for another queue, whose agent has him', async () => {
    await desk({ exits: [{ key: '5', target: { to: 'queue', queueId: 'other' } }] });
    await signIn(3);
    const caller = await waits(FIRST);
    await floor.quiet(caller);
    await caller.press('5');
    await phones[2]!.answer();
    await floor.phase(caller.callId, 'talking');
    await floor.hears(caller, phones[2]!);
    await phones[2]!.hangUp();
    expect(floor.outcomes(await floor.over(caller.callId), 'queued')).toEqual(['moved', 'answered']);
  });

  it('overflows to another queue; who finds the queue full is sent away', async () => {
    await desk({ maxWaitMs: 2500, maxLength: 1, overflow: { to: 'queue', queueId: 'other' } });
    await signIn(3);
    const caller = await waits(FIRST);
    const { callId } = await floor.caller(SECOND, { calledNumber: DESK });
    await floor.phase(callId, 'offering');
    expect(floor.box.calls.find(callId)).toMatchObject({ queueId: 'other' });
    // Agent 2003 has the one who found it full; the first waits for as long as he may, and then for him, too.
    await talks2(callId);
    await waitFor(floor.box.live, 'call.updated', () => floor.box.calls.find(caller.callId)?.queueId === 'other');
    await phones[2]!.hangUp();
    await phones[2]!.answer();
    await floor.phase(caller.callId, 'talking');
    await floor.talk(caller, phones[2]!);
    await caller.hangUp();
    expect(floor.outcomes(await floor.over(caller.callId), 'queued')).toEqual(['moved', 'answered']);
  });

  it('is offered to the next when an agent does not lift, who is put aside after as many misses as are allowed', async () => {
    await desk({ ringTimeoutMs: 1000, noAnswer: { action: 'notReady', misses: 2, restMs: 0 } });
    await signIn(1);
    const caller = await waits(FIRST);
    await agentIs(1, 'notReady');
    await floor.hears(caller, 'music');
    await signIn(2);
    await talks(caller, 2);
    await caller.hangUp();
    expect(floor.outcomes(await floor.over(caller.callId), 'offer')).toEqual(['noAnswer', 'noAnswer', 'answered']);
  });

  it('comes first as a VIP, and before that by what ageing has given those who wait longer', async () => {
    await desk({ routing: { vip: 'first', ageingPerS: 10 } });
    const [slow, late, vip] = [await waits(FIRST), await waits(SECOND), await waits(THIRD, '96102')];
    await signIn(1);
    for (const caller of [vip, slow, late]) {
      await talks(caller);
      await phones[0]!.hangUp();
      await floor.over(caller.callId);
    }
  });

  it("has another queue's agent once the rules ask for less", async () => {
    await desk({ routing: { relax: [{ afterMs: 300, action: 'widen', queueId: 'other' }] } }, []);
    await signIn(3);
    const caller = await waits(FIRST);
    await talks(caller, 3);
    await caller.hangUp();
    const segments = await floor.over(caller.callId);
    expect(segments.find(({ kind }) => kind === 'offer')?.data['why']).toMatchObject({ agentId: '2003' });
  });
});

describe('an agent of a queue', () => {
  it('leaves a colleague with his caller, who is the one who talks from then on', async () => {
    const caller = await talk();
    await signIn(3);
    await floor.act(caller.callId, 1, { action: 'consult', to: '3' });
    await phones[2]!.answer();
    await floor.talk(phones[0]!, phones[2]!);
    await floor.act(caller.callId, 1, { action: 'merge' });
    await floor.hears(caller, phones[0]!, phones[2]!);
    await phones[0]!.hangUp();
    await floor.talk(caller, phones[2]!);
    await agentIs(3, 'talking');
    await agentIs(1, 'ready');
    expect(floor.box.agents.find('2003')?.callId).toBe(caller.callId);
    await caller.hangUp();
    await floor.over(caller.callId);
    await agentIs(3, 'ready');
  });

  it('puts him into a queue: its agent has him', async () => {
    const caller = await talk();
    await signIn(3);
    await floor.act(caller.callId, 1, { action: 'transferToQueue', queueId: 'other' });
    await talks(caller, 3);
    await agentIs(1, 'ready');
    await caller.hangUp();
    await floor.over(caller.callId);
  });
});

describe('a caller who hangs up leaves nothing', () => {
  const before: Record<string, () => Promise<E1Caller>> = {
    'while he and the agent are being told something': async () => {
      await desk(GREETING);
      await signIn(1);
      const caller = await waits(FIRST);
      await Promise.all([floor.hears(caller, served), phones[0]!.answer()]);
      return caller;
    },
    'on hold': async () => {
      const caller = await talk();
      await floor.act(caller.callId, 1, { action: 'hold' });
      await floor.hears(caller, 'music');
      return caller;
    },
    'while a colleague is rung': async () => {
      const caller = await talk();
      await floor.act(caller.callId, 1, { action: 'consult', to: '4' });
      await phones[3]!.rings();
      return caller;
    },
    'while a colleague is asked': async () => {
      const caller = await talk();
      await floor.act(caller.callId, 1, { action: 'consult', to: '4' });
      await phones[3]!.answer();
      await floor.talk(phones[0]!, phones[3]!);
      return caller;
    },
    'while he is put through': async () => {
      const caller = await talk();
      await floor.act(caller.callId, 1, { action: 'transfer', to: '4' });
      await phones[3]!.rings();
      return caller;
    },
    parked: async () => {
      const caller = await talk();
      await floor.act(caller.callId, 1, { action: 'park' });
      await floor.hears(caller, 'music');
      return caller;
    },
    'lent to a flow': async () => {
      const caller = await talk();
      await floor.act(caller.callId, 1, { action: 'transferToFlow', flowId: 'main', back: true });
      await floor.phase(caller.callId, 'inFlow');
      return caller;
    },
  };
  it.each(Object.keys(before))('%s', async (when) => {
    const caller = await before[when]!();
    await caller.hangUp();
    await floor.over(caller.callId);
    for (const station of [1, 4]) await phones[station - 1]!.free();
    await waitFor(floor.box.live, 'agent.updated', () => ['ready', 'notReady'].includes(stateOf(1) ?? ''));
    expect(stateOf(1)).toBe('ready');
  });
});

describe('a supervisor', () => {
  it('is heard by nobody, by the agent, by both; goes, comes again, and ends the call', async () => {
    const caller = await talk();
    const [agent, , , boss] = phones as [AnalogPhone, AnalogPhone, AnalogPhone, AnalogPhone];
    const { callId } = caller;
    await floor.supervise(callId, { action: 'monitor', station: 4, mode: 'listen' });
    await boss.answer();
    await floor.hears(boss, caller, agent);
    await floor.talk(caller, agent);
    await floor.supervise(callId, { action: 'changeMode', station: 4, mode: 'whisper' });
    await floor.hears(agent, caller, boss);
    await floor.hears(caller, agent);
    await floor.supervise(callId, { action: 'changeMode', station: 4, mode: 'barge' });
    await floor.hears(caller, agent, boss);
    // He hears music with the caller whom the agent holds no more than the agent does.
    await floor.act(callId, 1, { action: 'hold' });
    await floor.hears(caller, 'music');
    await floor.act(callId, 1, { action: 'retrieve' });
    await floor.hears(caller, agent, boss);
    await boss.hangUp();
    await floor.talk(caller, agent);
    await floor.supervise(callId, { action: 'monitor', station: 4, mode: 'listen' });
    await boss.answer();
    await floor.hears(boss, caller, agent);
    await floor.supervise(callId, { action: 'release' });
    expect(floor.outcomes(await floor.over(callId), 'monitor').filter(Boolean)).toEqual(['left', 'callEnded']);
    for (const phone of [agent, boss]) await phone.free();
    await agentIs(1, 'ready');
  });

  it.each([
    { action: 'transferToQueue', queueId: 'other' },
    { action: 'transfer', to: '3' },
  ] as const)('is let go when the agent puts his caller elsewhere: $action', async (action) => {
    const caller = await talk();
    const boss = phones[3]!;
    await floor.supervise(caller.callId, { action: 'monitor', station: 4, mode: 'listen' });
    await boss.answer();
    await floor.hears(boss, caller, phones[0]!);
    await signIn(3);
    await floor.act(caller.callId, 1, action);
    await boss.free();
    await talks(caller, 3);
    await agentIs(1, 'ready');
    await caller.hangUp();
    expect(floor.outcomes(await floor.over(caller.callId), 'monitor')).toEqual(['partyLeft']);
  });

  it('takes a call over, and his telephone is free when the caller has gone', async () => {
    const caller = await talk();
    const [agent, , , boss] = phones as [AnalogPhone, AnalogPhone, AnalogPhone, AnalogPhone];
    await floor.supervise(caller.callId, { action: 'monitor', station: 4, mode: 'listen' });
    await boss.answer();
    await floor.hears(boss, caller, agent);
    await floor.supervise(caller.callId, { action: 'takeOver', station: 4 });
    await floor.talk(caller, boss);
    await agent.free();
    await agentIs(1, 'ready');
    await caller.hangUp();
    await floor.over(caller.callId);
    await boss.free();
  });

  it('is none who is an agent, nor may that one do anything in the call of another', async () => {
    const caller = await talk();
    await floor.api.request('POST', '/users', {
      ...{ username: 'two', password: 'long enough 2', role: 'agent', agentId: '2002' },
    });
    const ask = (path: string, body: object, token?: string): Promise<Response> =>
      fetch(new URL(`api/v1${path}`, floor.box.url), {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
        body: JSON.stringify(body),
      });
    const { token } = (await (
      await ask('/session', { username: 'two', password: 'long enough 2' })
    ).json()) as SignedIn;
    await signIn(2);
    const of = `/calls/${caller.callId}`;
    const answers = await Promise.all([
      ask(`${of}/supervise`, { action: 'monitor', station: 2, mode: 'listen' }, token),
      ask(`${of}/supervise`, { action: 'release' }, token),
      ask(`${of}/actions`, { action: 'hangUp', station: 1 }, token),
      ask(`${of}/actions`, { action: 'hold' }, token),
      ask(`${of}/recording`, { action: 'pause' }, token),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 404, 409, 404]);
    await floor.talk(caller, phones[0]!);
    await caller.hangUp();
    await floor.over(caller.callId);
  });
});

/** Agent 2003 has this call; nobody listens. */
async function talks2(callId: string): Promise<void> {
  await phones[2]!.answer();
  await floor.phase(callId, 'talking');
}
