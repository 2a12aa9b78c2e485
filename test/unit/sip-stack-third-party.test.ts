// What somebody can do to a call that is not his: nothing, with wrong tags or with the right ones.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serialise, type SipRequest, type SipResponse } from '../../daemon/src/sip/message/index.js';
import { RawPhone, offerOf, token, type Asked, type PhoneOptions } from '../support/sip-raw-phone.js';
import { REALM, RunningStack, station, trunk } from '../support/sip-running-stack.js';

const ALICE = 1001;
const MALLORY = 1002;
const MALLORYS = '127.0.0.66';

let stack: RunningStack;
let phones: RawPhone[] = [];
let released: string[] = [];
/** what calls were told to do by their peers */
let heard: string[] = [];

beforeEach(async () => {
  stack = await RunningStack.start({
    stations: [station(ALICE), station(MALLORY)],
    trunks: [trunk('carrier', { sources: ['127.0.0.20/31'] })],
  });
  released = [];
  heard = [];
  stack.on('call.released', ({ call }) => released.push(call));
  stack.hear((event) => {
    if (['call.held', 'call.mediaChanged', 'call.digit', 'call.transferAsked'].includes(event)) heard.push(event);
  });
});

afterEach(async () => {
  for (const phone of phones) phone.close();
  phones = [];
  await stack.stop();
});

async function phone(options: Partial<PhoneOptions> & { number: number }): Promise<RawPhone> {
  const made = await RawPhone.open({ server: { host: stack.host, port: stack.ports.port }, ...options });
  phones.push(made);
  return made;
}

interface Call {
  dialog: Asked & { callId: string; fromTag: string; toTag: string };
  answer: SipResponse;
}

/** A call of the phone's that is answered and acknowledged. */
async function callOf(caller: RawPhone): Promise<Call> {
  stack.answerCalls();
  const dialog = { callId: token('c'), fromTag: token('f'), to: `<sip:1003@${REALM}>`, uri: `sip:1003@${REALM}` };
  const answer = await caller.ask('INVITE', {
    ...dialog,
    headers: [
      ['Contact', caller.contact],
      ['Content-Type', 'application/sdp'],
    ],
    body: offerOf('127.0.0.1'),
  });
  expect(answer.status).toBe(200);
  const call = { dialog: { ...dialog, toTag: answer.toTag ?? '' }, answer };
  caller.send(serialise(caller.request('ACK', { ...call.dialog, cseq: answer.cseq.number })));
  // Behind the ACK.
  expect((await caller.ask('OPTIONS')).status).toBe(200);
  heard = [];
  return call;
}

const IN_CALL: readonly [string, Asked][] = [
  ['BYE', {}],
  [
    'INVITE',
    {
      headers: [
        ['Contact', '<sip:m@127.0.0.66>'],
        ['Content-Type', 'application/sdp'],
      ],
      body: offerOf(MALLORYS),
    },
  ],
  [
    'UPDATE',
    {
      headers: [
        ['Contact', '<sip:m@127.0.0.66>'],
        ['Content-Type', 'application/sdp'],
      ],
      body: offerOf(MALLORYS),
    },
  ],
  [
    'REFER',
    {
      headers: [
        ['Contact', '<sip:m@127.0.0.66>'],
        ['Refer-To', '<sip:0900@cordboard>'],
      ],
    },
  ],
  ['INFO', { headers: [['Content-Type', 'application/dtmf-relay']], body: 'Signal=5\r\nDuration=160\r\n' }],
  [
    'NOTIFY',
    {
      headers: [
        ['Event', 'refer'],
        ['Subscription-State', 'active'],
        ['Contact', '<sip:m@127.0.0.66>'],
      ],
    },
  ],
];

describe('a call in progress', () => {
  it.each(IN_CALL)('%s with wrong tags is 481, wherever it comes from', async (method, asked) => {
    const alice = await phone({ number: ALICE });
    const mallory = await phone({ number: ALICE, host: MALLORYS });
    const { dialog } = await callOf(alice);
    for (const wrong of [{ toTag: 'x' }, { fromTag: 'x' }, { callId: 'x' }]) {
      const forged = { ...dialog, ...asked, ...wrong, cseq: 1000, answersChallenge: false };
      expect((await mallory.ask(method, forged)).status).toBe(481);
    }
    expect([released, heard]).toEqual([[], []]);
  });

  it.each(IN_CALL)('%s with the right tags from elsewhere is challenged', async (method, asked) => {
    const alice = await phone({ number: ALICE });
    const mallory = await phone({ number: ALICE, host: MALLORYS, secret: 'a guess' });
    const { dialog } = await callOf(alice);
    const forged = { ...dialog, ...asked, cseq: 1000 };
    expect((await mallory.ask(method, { ...forged, answersChallenge: false })).status).toBe(401);
    expect((await mallory.ask(method, { ...forged, cseq: 1002 })).status).toBe(401);
    expect([released, heard]).toEqual([[], []]);
    // No number of the sequence is used up: the call goes on, and ends as its own peer wants.
    expect((await alice.ask('BYE', dialog)).status).toBe(200);
    expect(released).toHaveLength(1);
  });

  it('another station cannot end it with its own secret', async () => {
    const alice = await phone({ number: ALICE });
    const mallory = await phone({ number: MALLORY, host: MALLORYS });
    const { dialog } = await callOf(alice);
    expect((await mallory.ask('BYE', { ...dialog, cseq: 1000 })).status).toBe(403);
    expect(released).toEqual([]);
  });

  it('its telephone may have moved to another network, and proves itself there', async () => {
    const alice = await phone({ number: ALICE });
    const moved = await phone({ number: ALICE, host: '127.0.0.5' });
    const { dialog } = await callOf(alice);
    expect((await moved.ask('BYE', { ...dialog, cseq: 100 })).status).toBe(200);
    expect(released).toHaveLength(1);
  });

  it('a carrier may end it from another of its hosts', async () => {
    const gateway = await phone({ number: 5551000, host: '127.0.0.20' });
    const other = await phone({ number: 5551000, host: '127.0.0.21' });
    const { dialog } = await callOf(gateway);
    expect((await other.ask('BYE', { ...dialog, cseq: 100 })).status).toBe(200);
    expect(released).toHaveLength(1);
  });

  it('ACKs by the thousand and from elsewhere change nothing', async () => {
    const alice = await phone({ number: ALICE });
    const mallory = await phone({ number: ALICE, host: MALLORYS });
    const { dialog, answer } = await callOf(alice);
    for (let i = 0; i < 2000; i++) {
      const cseq = i % 2 === 0 ? answer.cseq.number : i;
      mallory.send(serialise(mallory.request('ACK', { ...dialog, cseq })));
      alice.send(serialise(alice.request('ACK', { ...dialog, cseq })));
      if (i % 50 === 0) await alice.ask('OPTIONS');
    }
    expect([released, heard]).toEqual([[], []]);
    expect((await stack.statistics()).dialogs).toBe(1);
    expect((await alice.ask('BYE', dialog)).status).toBe(200);
  });
});

describe('a call that rings', () => {
  it('is cancelled only from where it came', async () => {
    const alice = await phone({ number: ALICE });
    const mallory = await phone({ number: ALICE, host: MALLORYS });
    const offered = stack.once('call.offered');
    const dialog = { callId: token('c'), fromTag: token('f'), to: `<sip:1003@${REALM}>`, uri: `sip:1003@${REALM}` };
    // With credentials from the beginning: its branch is known.
    await alice.register();
    const invite = alice.request('INVITE', { ...dialog, headers: [['Contact', alice.contact]] });
    alice.digest.begin(invite);
    const final = alice.transact(invite);
    await offered;
    const cancel = alice.request('CANCEL', { ...dialog, cseq: invite.cseq.number });
    cancel.headers.set('Via', invite.headers.lines('Via')[0] ?? '');
    expect((await mallory.transact(cancel)).status).toBe(481);
    expect(released).toEqual([]);
    expect((await alice.transact(cancel)).status).toBe(200);
    expect((await final).status).toBe(487);
    expect(released).toHaveLength(1);
  });

  it('answers nobody asked for are nothing', async () => {
    const alice = await phone({ number: ALICE });
    const mallory = await phone({ number: ALICE, host: MALLORYS });
    await alice.register();
    const came = new Promise<SipRequest>((resolve) => (alice.onRequest = resolve));
    await stack.handlers['call.dial']({
      target: { kind: 'station', station: ALICE },
      ...{ callingNumber: '1', callingName: '', anonymous: false },
      media: { rtpPort: 20_000, rtcpPort: 20_001 },
    });
    const invite = await came;
    let answered = 0;
    stack.on('call.answered', () => (answered += 1));
    for (let i = 0; i < 2000; i++) {
      const forged = mallory.request('INVITE', { callId: invite.callId });
      forged.headers.set('Via', (invite.headers.lines('Via')[0] ?? '').replace(/branch=[^;]+/, `branch=z9hG4bK${i}`));
      mallory.answer(forged, 200, `t${i}`);
      if (i % 50 === 0) await mallory.ask('OPTIONS');
    }
    expect([answered, released]).toEqual([0, []]);
    expect((await stack.statistics()).dialogs).toBe(0);
    // Real ones by the hundred: one call, and those that were too much are ended.
    for (let i = 0; i < 200; i++) alice.answer(invite, 180, `a${i}`);
    await alice.ask('OPTIONS');
    expect((await stack.statistics()).dialogs).toBeLessThanOrEqual(20);
    expect(stack.faults).toEqual([]);
  });
});
