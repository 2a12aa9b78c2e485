// What agents and supervisors do from their pages, heard: telephones that each sound another tone, and who hears which.
import { describe, expect, it } from 'vitest';
import type { Call, CallAction, SuperviseAction } from '../../daemon/src/contract/index.js';
import { storedCall } from '../support/box.js';
import { share } from '../support/dtmf.js';
import type { HandCall, HandPhone } from '../support/hand-phone.js';
import { registered, startSipBox, type SipBox } from '../support/sip-box.js';
import { toAlaw } from '../support/wav.js';

/** Hz; no multiple of another, and none of the keys' */
const TONES = { caller: 430, agent: 590, third: 810, boss: 1130 } as const;
type Who = keyof typeof TONES;
const STATIONS = { caller: 1001, agent: 1002, third: 1003, boss: 1004 } as const;
/** of what is heard, the last 300 ms */
const LATELY = 2400;
/** of the power; music has less of any one tone */
const HEARD = 0.12;

const tone = (hertz: number): Uint8Array =>
  Uint8Array.from({ length: 120 * 8000 }, (_, i) =>
    toAlaw(Math.round(6000 * Math.sin((2 * Math.PI * hertz * i) / 8000))),
  );

interface Floor extends SipBox {
  phones: Record<Who, HandPhone>;
  callId: string;
  /** of the agent */
  act: (action: CallAction) => Promise<Call>;
  supervise: (action: SuperviseAction) => Promise<Call>;
  /** Resolves when he hears these, and nobody else of the four. */
  hears: (who: Who, ...others: Who[]) => Promise<void>;
  legs: Partial<Record<Who, HandCall>>;
}

/** The caller talks with the agent. */
async function floor(): Promise<Floor> {
  const sip = await startSipBox();
  const phones = {} as Floor['phones'];
  for (const who of Object.keys(TONES) as Who[]) {
    phones[who] = await registered(sip, STATIONS[who]);
    void phones[who].rtp.say(tone(TONES[who]));
  }
  const caller = phones.caller.call(String(STATIONS.agent));
  const agent = await phones.agent.called();
  await agent.answer();
  await caller.connected();
  const { id: callId } = sip.box.calls.live()[0]!;
  const ask = (path: string) => (body: object) => sip.api.request<Call>('POST', `/calls/${callId}/${path}`, body);
  const heard = (who: Who): Who[] => {
    const octets = phones[who].rtp.heard();
    const lately = octets.subarray(Math.max(0, octets.length - LATELY));
    return (Object.keys(TONES) as Who[]).filter((other) => share(lately, TONES[other]) > HEARD);
  };
  const floor: Floor = {
    ...sip,
    ...{ phones, callId, legs: { caller, agent } },
    act: (action) => ask('actions')({ station: STATIONS.agent, ...action }),
    supervise: ask('supervise'),
    hears: (who, ...others) =>
      phones[who].rtp.until(
        () => heard(who).sort().join() === [...others].sort().join(),
        `${who} hears ${others.join(' and ') || 'nobody'}, and not ${heard(who).join(' and ')}`,
      ),
  };
  await floor.hears('caller', 'agent');
  await floor.hears('agent', 'caller');
  return floor;
}

async function answers(floor: Floor, who: Who): Promise<void> {
  const call = await floor.phones[who].called();
  await call.answer();
  floor.legs[who] = call;
}

describe('an agent', () => {
  it('asks a colleague, goes to and fro, has all three talk, and leaves the two others to each other', async () => {
    const on = await floor();
    await on.act({ action: 'consult', to: '1003' });
    await answers(on, 'third');
    await on.hears('agent', 'third');
    await on.hears('third', 'agent');
    await on.hears('caller');
    await on.act({ action: 'swap' });
    await on.hears('agent', 'caller');
    await on.hears('third');
    await on.act({ action: 'merge' });
    await on.hears('agent', 'caller', 'third');
    await on.hears('caller', 'agent', 'third');
    await on.hears('third', 'agent', 'caller');
    await on.act({ action: 'mute' });
    await on.hears('caller', 'third');
    await on.hears('agent', 'caller', 'third');
    await Promise.all([on.act({ action: 'hangUp' }), on.legs.agent!.take('BYE')]);
    await on.hears('caller', 'third');
    await on.hears('third', 'caller');
    await Promise.all([on.legs.third!.bye(), on.legs.caller!.take('BYE')]);
    const { segments } = await storedCall(on.box, on.callId);
    expect(segments.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['consult', 'left', 'talk']));
  });

  it('puts his caller through to the one he has asked', async () => {
    const on = await floor();
    await on.act({ action: 'consult', to: '1003' });
    await answers(on, 'third');
    await on.hears('agent', 'third');
    await Promise.all([on.act({ action: 'completeConsult' }), on.legs.agent!.take('BYE')]);
    await on.hears('caller', 'third');
    await on.hears('third', 'caller');
    await Promise.all([on.legs.caller!.bye(), on.legs.third!.take('BYE')]);
    await storedCall(on.box, on.callId);
  });

  it('is heard no more when he has muted himself, and puts on hold from his page', async () => {
    const on = await floor();
    await on.act({ action: 'mute' });
    await on.hears('caller');
    await on.hears('agent', 'caller');
    await on.act({ action: 'unmute' });
    await on.hears('caller', 'agent');
    await on.act({ action: 'hold' });
    await on.hears('caller');
    await on.hears('agent');
    await on.act({ action: 'retrieve' });
    await on.hears('caller', 'agent');
    await Promise.all([on.legs.caller!.bye(), on.legs.agent!.take('BYE')]);
    await storedCall(on.box, on.callId);
  });
});

describe('a supervisor', () => {
  it('listens unnoticed, whispers to the agent, barges in, and takes the call over', async () => {
    const on = await floor();
    const { boss: station } = STATIONS;
    await on.supervise({ action: 'monitor', station, mode: 'listen', of: STATIONS.agent });
    await answers(on, 'boss');
    await on.hears('boss', 'caller', 'agent');
    await on.hears('caller', 'agent');
    await on.hears('agent', 'caller');
    await on.supervise({ action: 'changeMode', station, mode: 'whisper' });
    await on.hears('agent', 'caller', 'boss');
    await on.hears('caller', 'agent');
    await on.supervise({ action: 'changeMode', station, mode: 'barge' });
    await on.hears('caller', 'agent', 'boss');
    await Promise.all([on.supervise({ action: 'takeOver', station }), on.legs.agent!.take('BYE')]);
    await on.hears('caller', 'boss');
    await on.hears('boss', 'caller');
    await Promise.all([on.supervise({ action: 'release' }), on.legs.caller!.take('BYE'), on.legs.boss!.take('BYE')]);
    await storedCall(on.box, on.callId);
  });
});
