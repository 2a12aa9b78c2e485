// Telephones by baresip: they hear the menu's words, press keys, are agents, hold and put through, over every codec, SRTP and TLS.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { samplesOf } from '../support/audio-match.js';
import { Phone, type PhoneOptions } from '../support/baresip.js';
import { nothingLeaks, recordingOf, storedCall, waitFor, whileRunning } from '../support/box.js';
import { addStation, startSipBox, type SipBox } from '../support/peer-box.js';
import { recordAt } from '../support/recorded.js';
import { heardWell, secondsHeard, speech } from '../support/speech.js';
import { talkFor } from '../support/talk-time.js';
import type { SipStationRow } from '../../daemon/src/db/index.js';

/** what the menu says */
const PROMPT = speech(5);
/** Of two who use the same samples nothing but noise of the coding is different. */
const SAME = 0.95;

let box: SipBox;
const running = whileRunning();
beforeAll(async () => {
  const home = mkdtempSync(join(tmpdir(), 'cordboard-box-'));
  running.onEnd(() => rmSync(home, { recursive: true, force: true }));
  mkdirSync(join(home, 'prompts', 'en'), { recursive: true });
  cpSync(PROMPT.path, join(home, 'prompts', 'en', 'main-menu.wav'));
  box = await startSipBox({ home }, running);
});
afterAll(async () => {
  try {
    await nothingLeaks(box);
  } finally {
    await running.end();
  }
});

let lastStation = 1000;

/** A new telephone; `voice` is which piece it says. */
async function phone(
  voice: number,
  options: Partial<PhoneOptions> = {},
  account: Partial<SipStationRow> = {},
): Promise<Phone> {
  const number = (lastStation += 1);
  const secret = await addStation(box, number, { digest: ['md5'], ...account });
  const port = options.transport === 'tls' ? box.sipsPort : box.sipPort;
  return Phone.start({ number, secret, port, says: speech(voice).path, ...options }, running);
}

/** The box's id of the next call of this number. */
function arrivalOf(callingNumber: string): Promise<string> {
  return new Promise((resolve) => {
    const off = box.calls.events.on('call.arrived', ({ call }) => {
      if (call.callingNumber !== callingNumber) return;
      off();
      resolve(call.id);
    });
  });
}

async function dial(from: Phone, number: string): Promise<string> {
  const arrived = arrivalOf(String(from.number));
  await from.dial(number);
  return arrived;
}

/** One calls another, who answers. */
async function connect(from: Phone, to: Phone): Promise<string> {
  const [callId] = await Promise.all([dial(from, String(to.number)), to.answer()]);
  await talking(callId);
  return callId;
}

const talking = (callId: string): Promise<void> =>
  waitFor(box.live, 'call.updated', () => box.calls.find(callId)?.phase === 'talking');

const queued = (callId: string, queue: string): Promise<void> =>
  waitFor(box.live, 'call.updated', () => box.calls.find(callId)?.queueId === queue);

/** What it heard in its last call; resolves when that is over. */
async function lastHeard(of: Phone): Promise<Float64Array> {
  await of.event('CALL_CLOSED');
  return of.heard().at(-1)!;
}

async function recorded(callId: string): Promise<{ left: Float64Array; right: Float64Array }> {
  const path = await recordingOf(box, callId);
  return { left: samplesOf(path, 1), right: samplesOf(path, 2) };
}

/** A key as the tone that it makes (ITU-T Q.23), two seconds after the beginning. */
function keyTone(low: number, high: number): string {
  const path = join(box.config.home, `key-${low}-${high}.wav`);
  const tone = [
    'synth',
    '0.2',
    'sine',
    String(low),
    'sine',
    String(high),
    'remix',
    '-',
    'gain',
    '-10',
    'pad',
    '2',
    '15',
  ];
  const { status, stderr } = spawnSync('sox', ['-n', '-r', '8000', '-b', '16', '-c', '1', path, ...tone]);
  if (status !== 0) throw new Error(String(stderr));
  return path;
}

describe.concurrent('a telephone in the menu', () => {
  it.each<[string, number, Partial<PhoneOptions>, Partial<SipStationRow>]>([
    ['PCMA', SAME, {}, {}],
    ['PCMU', SAME, { codec: 'pcmu' }, { codecs: ['pcmu'] }],
    ['G.722', SAME, { codec: 'g722' }, { codecs: ['g722'] }],
    ['Opus', 0.9, { codec: 'opus/48000/2' }, { codecs: ['opus'] }],
    ['PCMA over TCP', SAME, { transport: 'tcp' }, {}],
    ['PCMA under SRTP, over TLS', SAME, { transport: 'tls', srtp: true }, { security: 'tls', srtp: 'required' }],
  ])('hears its words and is heard: %s', async (_, same, options, account) => {
    const one = await phone(0, options, account);
    const callId = await dial(one, '95001');
    await one.event('CALL_ESTABLISHED');
    await talkFor(box, 3500);
    await one.hangUp();
    const heard = await lastHeard(one);
    await storedCall(box, callId);
    const { left, right } = await recorded(callId);
    const peaks = {
      heard: heardWell(heard, PROMPT),
      left: heardWell(left, speech(0)),
      right: heardWell(right, PROMPT),
    };
    for (const [where, peak] of Object.entries(peaks)) expect(peak, where).toBeGreaterThan(same);
    if (options.srtp === true) expect(one.output).toMatch(/m=audio \d+ RTP\/SAVP /);
  });

  it('presses a key as an RFC 4733 event, and the menu leads on', async () => {
    const one = await phone(1);
    const callId = await dial(one, '95001');
    await one.event('CALL_ESTABLISHED');
    // Its audio begins a little later, and a key that is pressed before is not heard of.
    await talkFor(box, 500);
    await one.press('2');
    await queued(callId, 'service');
    await one.hangUp();
    const { row, segments } = await storedCall(box, callId);
    expect(row).toMatchObject({ digits: '2', queueId: 'service' });
    expect(segments.find(({ kind }) => kind === 'digit')?.data).toMatchObject({ digit: '2' });
  });

  it('presses a key as a tone, where that is all it can, and the menu leads on', async () => {
    const one = await phone(1, { says: keyTone(697, 1336) }, { dtmf: 'inband' });
    const callId = await dial(one, '95001');
    await queued(callId, 'service');
    await one.hangUp();
    expect((await storedCall(box, callId)).row).toMatchObject({ digits: '2', queueId: 'service' });
  });
});

describe.concurrent('a telephone in talk', () => {
  it("is an agent's: a caller from the E1 is queued, it rings, and both hear each other", async () => {
    const agent = await phone(2);
    await agent.dial('*112001#');
    await waitFor(box.live, 'agent.updated', () => box.agents.find('2001')?.state === 'ready');
    await agent.event('CALL_CLOSED');
    const callingNumber = '13800138000';
    const arrived = arrivalOf(callingNumber);
    const placed = await box.exchange.callers.place({ calledNumber: '95001', callingNumber, digits: '1' });
    const callId = await arrived;
    await agent.answer();
    await talking(callId);
    expect(box.agents.find('2001')).toMatchObject({ state: 'talking', station: agent.number, callId });
    const { legs } = await box.engine.command('engine.snapshot', {});
    const { port } = legs.find(({ span, timeslot }) => span === 101 && timeslot === placed.timeslot)!;
    const callerHeard = join(box.config.home, 'caller-heard.wav');
    const whole = await recordAt(box, port, callerHeard);
    await box.engine.command('play.start', { port, files: [speech(3).path] });
    await talkFor(box, 3500);
    await box.exchange.hangUp(placed.id);
    const { row } = await storedCall(box, callId);
    expect(row).toMatchObject({ agentId: '2001', queueId: 'sales', releasedBy: 'caller' });
    const agentHeard = await lastHeard(agent);
    const { left, right } = await recorded(callId);
    expect(heardWell(agentHeard, speech(3)), 'the agent hears the caller').toBeGreaterThan(SAME);
    await whole();
    expect(heardWell(samplesOf(callerHeard), speech(2)), 'the caller hears the agent').toBeGreaterThan(SAME);
    expect(heardWell(left, speech(3)), 'left').toBeGreaterThan(SAME);
    expect(heardWell(right, speech(2)), 'right').toBeGreaterThan(SAME);
  });

  it('holds the other, who hears music, and takes him back', async () => {
    const [one, other] = await Promise.all([phone(4), phone(6)]);
    const callId = await connect(one, other);
    await one.hold();
    await talkFor(box, 3500);
    await one.resume();
    await talkFor(box, 1500);
    await one.hangUp();
    const heard = await lastHeard(other);
    const { segments } = await storedCall(box, callId);
    expect(segments.filter(({ kind }) => kind === 'held')).toHaveLength(1);
    const music = { path: '', samples: samplesOf(join(box.config.home, 'cache', 'music', 'cordboard.wav')) };
    expect(heardWell(heard, music), 'music').toBeGreaterThan(SAME);
  });

  it('puts the other through to a number (REFER), and leaves', async () => {
    const [one, other, third] = await Promise.all([phone(6), phone(7), phone(8)]);
    const callId = await connect(other, one);
    await one.transfer(`sip:${third.number}@127.0.0.1:${box.sipPort}`);
    await third.answer();
    await one.event('CALL_CLOSED');
    await talking(callId);
    await talkFor(box, 3000);
    await other.hangUp();
    const { segments } = await storedCall(box, callId);
    expect(segments.find(({ kind }) => kind === 'transferred')?.data).toMatchObject({ outcome: 'answered' });
    expect(heardWell(await lastHeard(other), speech(8)), 'the third is heard').toBeGreaterThan(SAME);
    const { left, right } = await recorded(callId);
    expect(heardWell(left, speech(7)), 'left').toBeGreaterThan(SAME);
    expect(heardWell(right, speech(8)), 'right').toBeGreaterThan(SAME);
  });

  it('puts two whom it talks with through to each other (REFER with Replaces)', async () => {
    const [one, other, third] = await Promise.all([phone(9), phone(10), phone(11)]);
    const callId = await connect(other, one);
    const [, first] = await one.printed(/\nCall-ID: (\S+)\r?\nCSeq: \d+ INVITE/);
    await one.hold();
    await connect(one, third);
    await one.transfer(`<sip:${other.number}@127.0.0.1?Replaces=${replaces(one.output, first!)}>`);
    await one.event('CALL_CLOSED');
    await talkFor(box, 3000);
    await other.hangUp();
    const { segments } = await storedCall(box, callId);
    expect(segments.map(({ kind }) => kind)).toContain('transferred');
    const [otherHeard, thirdHeard] = [await lastHeard(other), await lastHeard(third)];
    expect(secondsHeard(otherHeard, speech(11), SAME), 'the third is heard').toBeGreaterThan(1.5);
    expect(secondsHeard(thirdHeard, speech(10), SAME), 'and hears').toBeGreaterThan(1.5);
  });
});

/** The dialog of a call that has come to this telephone, as Replaces names it (RFC 3891), escaped for a URI. */
function replaces(output: string, callId: string): string {
  const answer = output
    .split(/(?:UDP|TCP|TLS) [\d.:]+ -> [\d.:]+\r?\n/)
    .find(
      (message) => message.startsWith('SIP/2.0 200') && message.includes(callId) && /CSeq: \d+ INVITE/.test(message),
    )!;
  const tag = (header: string): string => new RegExp(`^${header}: .*;tag=([^;\\s]+)`, 'm').exec(answer)![1]!;
  return encodeURIComponent(`${callId};to-tag=${tag('To')};from-tag=${tag('From')}`);
}
