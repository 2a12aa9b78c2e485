// Lamps, messages and pick-up in a whole box: real engine and virtual card, the stack in its thread, telephones played by hand.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startBox } from '../../daemon/dist/main.js';
import { digestHashes } from '../../daemon/src/sip/auth/index.js';
import type { Box } from '../../daemon/src/main.js';
import type { SipRequest } from '../../daemon/src/sip/message/index.js';
import { sipStationRow } from '../support/db-rows.js';
import { ANY_SIP_PORTS } from '../support/sip-ports.js';
import { SipPhone, sdp, type PhoneDialog } from '../support/sip-phone.js';
import { callIn, storedCall, waitFor } from '../support/box.js';

const DOMAIN = 'cordboard';
const SECRET = 'aSecretOf20Letters00';

let box: Box;
const phones: SipPhone[] = [];
const home = mkdtempSync(join(tmpdir(), 'cordboard-signals-'));

beforeAll(async () => {
  const env = { CORDBOARD_HTTP_PORT: '0', ...ANY_SIP_PORTS, CORDBOARD_LANGUAGE: 'en' };
  box = await startBox({ home, env });
  const lines = box.sip!.lines;
  for (const number of [1001, 1002, 1003]) {
    const { MD5: ha1Md5, 'SHA-256': ha1Sha256 } = digestHashes(String(number), DOMAIN, SECRET);
    const account = { number, name: `Phone ${number}`, realm: DOMAIN, ha1Md5, ha1Sha256, codecs: ['pcma' as const] };
    await box.db.write((tx) => tx.sipStations.insert(sipStationRow(account)));
    await waitFor(lines.events, 'station.changed', () => lines.stations().some(({ station }) => station === number));
  }
});

afterAll(async () => {
  for (const phone of phones) phone.close();
  await box?.stop();
  rmSync(home, { recursive: true, force: true });
});

async function phoneOf(number: number): Promise<SipPhone> {
  const port = box.sip?.ports?.port ?? 0;
  const phone = await SipPhone.open({ server: port, number, secret: SECRET, domain: DOMAIN });
  phones.push(phone);
  await phone.register();
  const { lines } = box.sip!;
  await waitFor(
    lines.events,
    'station.changed',
    () => lines.stations().find(({ station }) => station === number)?.reachable === true,
  );
  return phone;
}

async function watch(phone: SipPhone, event: string, to: string): Promise<{ dialog: PhoneDialog; first: SipRequest }> {
  const sent = await phone.ask('SUBSCRIBE', { to, headers: [['Event', event]] });
  const dialog = phone.dialog(sent, await phone.nextResponse('200 SUBSCRIBE', sent.callId));
  const first = await dialog.next('NOTIFY');
  phone.answer(first, 200);
  return { dialog, first };
}

/** The next notification whose body has this in it. */
async function told(phone: SipPhone, dialog: PhoneDialog, text: string): Promise<string> {
  for (;;) {
    const notify = await dialog.next('NOTIFY');
    phone.answer(notify, 200);
    if (notify.body.toString().includes(text)) return notify.body.toString();
  }
}

/** The call that the lamp shows ringing, as Replaces names it. */
async function named(phone: SipPhone, lamp: PhoneDialog): Promise<string> {
  const shown = await told(phone, lamp, 'call-id=');
  const [, callId, localTag, remoteTag] = /call-id="([^"]+)" local-tag="([^"]+)" remote-tag="([^"]+)"/.exec(shown)!;
  return `${callId};to-tag=${remoteTag};from-tag=${localTag};early-only`;
}

describe('a lamp on a SIP telephone', () => {
  it('shows what an analog telephone does', async () => {
    const phone = await phoneOf(1001);
    const { dialog, first } = await watch(phone, 'dialog', '2');
    expect(first.body.toString()).toContain('<state>terminated</state>');
    await box.exchange.lift(2);
    expect(await told(phone, dialog, '<state>early</state>')).toContain('direction="initiator"');
    await box.exchange.hangUpPhone(2);
    await told(phone, dialog, '<state>terminated</state>');
  });

  it('tells what the agent at an analog telephone does', async () => {
    const phone = await phoneOf(1002);
    const { dialog, first } = await watch(phone, 'presence', '3');
    expect(first.body.toString()).toContain('<basic>open</basic>');
    const [agent] = box.agents.list();
    await box.agents.signIn(agent!.id, 3);
    await box.agents.notReady(agent!.id, null);
    await told(phone, dialog, '<note>Not ready</note>');
    await box.agents.signOut(agent!.id);
    for (;;) if (!(await told(phone, dialog, '<basic>open</basic>')).includes('<note>')) break;
  });

  it('shows messages that wait', async () => {
    const phone = await phoneOf(1001);
    const { dialog } = await watch(phone, 'message-summary', '1001');
    box.sip!.setMessages(1001, { fresh: 3, old: 1 });
    expect(await told(phone, dialog, 'Messages-Waiting: yes')).toContain('Voice-Message: 3/1');
  });

  it('is there to pick up the call that it shows, and both talk', async () => {
    const [caller, called, picker] = [await phoneOf(1001), await phoneOf(1002), await phoneOf(1003)];
    const { dialog: lamp } = await watch(picker, 'dialog', '1002');
    const invite = await caller.invite('1002');
    const ringing = await called.nextRequest('INVITE');
    called.answer(ringing, 180);
    const taken = await picker.invite('1002', { headers: [['Replaces', await named(picker, lamp)]] });
    const answer = await picker.nextResponse('* INVITE', taken.callId);
    expect(answer.status).toBe(200);
    const talk = picker.dialog(taken, answer);
    talk.send('ACK');
    const cancel = await called.nextRequest('CANCEL');
    called.answer(cancel, 200);
    called.answer(ringing, 487);
    const answered = await caller.nextResponse('200 INVITE', invite.callId);
    const dialog = caller.dialog(invite, answered);
    dialog.send('ACK');
    await told(picker, lamp, '<state>terminated</state>');
    await waitFor(box.live, 'call.updated', () => box.calls.live().some(({ phase }) => phase === 'talking'));

    // 1001 goes on at another telephone of his: the call stays.
    const other = await phoneOf(1001);
    const moved = await other.invite('1003', { headers: [['Replaces', dialog.replaces]] });
    const movedTo = await other.nextResponse('* INVITE', moved.callId);
    expect(movedTo.status).toBe(200);
    const second = other.dialog(moved, movedTo);
    second.send('ACK');
    caller.answer(await dialog.next('BYE'), 200);
    expect(box.calls.live().map(({ phase }) => phase)).toEqual(['talking']);
    expect((await second.request('BYE')).status).toBe(200);
    picker.answer(await talk.next('BYE'), 200);
    await waitFor(box.live, 'call.removed', () => box.calls.live().length === 0);
  });

  it('is there to pick up a call that a queue offers to an agent, for whom another one has answered it', async () => {
    const [offered, picker] = [await phoneOf(1002), await phoneOf(1003)];
    const { dialog: lamp } = await watch(picker, 'dialog', '1002');
    await box.agents.signIn('2001', 1002);
    const { callId: call } = await callIn(box, { digits: '1' });
    const ringing = await offered.nextRequest('INVITE');
    offered.answer(ringing, 180);
    await box.agents.signIn('2002', 1003);
    const taken = await picker.invite('1002', { headers: [['Replaces', await named(picker, lamp)]] });
    const answer = await picker.nextResponse('* INVITE', taken.callId);
    expect(answer.status).toBe(200);
    const talk = picker.dialog(taken, answer);
    talk.send('ACK');
    offered.answer(await offered.nextRequest('CANCEL'), 200);
    offered.answer(ringing, 487);
    await waitFor(box.live, 'call.updated', () => box.calls.find(call)?.phase === 'talking');
    expect(box.agents.find('2002')).toMatchObject({ state: 'talking', callId: call });
    await waitFor(box.live, 'agent.updated', () => box.agents.find('2001')?.state === 'ready');
    expect((await talk.request('BYE')).status).toBe(200);
    const { row } = await storedCall(box, call);
    expect(row).toMatchObject({ agentId: '2002', queueId: 'sales', releasedBy: 'agent' });
    expect(box.queues.list().find(({ id }) => id === 'sales')?.today).toMatchObject({ offered: 1, answered: 1 });
    for (const id of ['2001', '2002']) await box.agents.signOut(id);
  });
});

describe('text', () => {
  it('goes from station to station', async () => {
    const [sender, receiver] = [await phoneOf(1001), await phoneOf(1002)];
    const sent = await sender.ask('MESSAGE', { to: '1002', body: ['text/plain', 'lunch?'] });
    const text = await receiver.nextRequest('MESSAGE');
    expect(text.body.toString()).toBe('lunch?');
    receiver.answer(text, 200);
    expect((await sender.nextResponse('* MESSAGE', sent.callId)).status).toBe(200);
  });
});

describe('a transfer with consultation', () => {
  it('by REFER with Replaces leaves the two others talking, and tells how it went', async () => {
    const [a, b, c] = [await phoneOf(1001), await phoneOf(1002), await phoneOf(1003)];
    const talk = async (with_: SipPhone, number: string): Promise<[PhoneDialog, PhoneDialog]> => {
      const invite = await a.invite(number);
      const called = await with_.nextRequest('INVITE');
      const answer = with_.answer(called, 200, { sdp: sdp(with_.port) });
      await with_.nextRequest('ACK', called.callId);
      const dialog = a.dialog(invite, await a.nextResponse('200 INVITE', invite.callId));
      dialog.send('ACK');
      return [dialog, with_.dialog(called, answer)];
    };
    const [toB, atB] = await talk(b, '1002');
    const [toC, atC] = await talk(c, '1003');
    await waitFor(
      box.live,
      'call.updated',
      () => box.calls.live().filter(({ phase }) => phase === 'talking').length === 2,
    );
    const refer = await toB.request('REFER', {
      headers: [['Refer-To', `<sip:1003@${DOMAIN}?Replaces=${encodeURIComponent(toC.replaces)}>`]],
    });
    expect(refer.status).toBe(202);
    for (;;) {
      const notify = await toB.next('NOTIFY');
      a.answer(notify, 200);
      if (notify.body.toString().startsWith('SIP/2.0 200')) break;
    }
    for (const dialog of [toB, toC]) a.answer(await dialog.next('BYE'), 200);
    await waitFor(box.live, 'call.removed', () => box.calls.live().length === 1);
    expect(box.calls.live()[0]?.phase).toBe('talking');
    expect((await atB.request('BYE')).status).toBe(200);
    c.answer(await atC.next('BYE'), 200);
    await waitFor(box.live, 'call.removed', () => box.calls.live().length === 0);
  });
});
