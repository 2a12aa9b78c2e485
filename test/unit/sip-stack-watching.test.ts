// Subscriptions of telephones at the whole stack: lamps, presence, messages, registrations.
import { beforeEach, describe, expect, it } from 'vitest';
import type { SipRequest } from '../../daemon/src/sip/message/index.js';
import type { LampCall } from '../../daemon/src/sip/stack/index.js';
import type { PhoneDialog, SipPhone } from '../support/sip-phone.js';
import { DOMAIN, StackBench, stationOf } from '../support/sip-stack-bench.js';

let bench: StackBench;
let phone: SipPhone;

beforeEach(async () => {
  bench = await StackBench.start();
  phone = await bench.phone(1001);
});

/** A subscription, with the first notification, which has been answered. */
async function watch(
  event: string,
  to: string,
  headers: [string, string][] = [['Expires', '600']],
): Promise<{ dialog: PhoneDialog; first: SipRequest }> {
  const sent = await phone.ask('SUBSCRIBE', { to, headers: [['Event', event], ...headers] });
  const answer = await phone.nextResponse('* SUBSCRIBE', sent.callId);
  expect(answer.status).toBe(200);
  const first = await phone.nextRequest('NOTIFY', sent.callId);
  phone.answer(first, 200);
  return { dialog: phone.dialog(sent, answer), first };
}

const lamp = (station: number, calls: LampCall[] = [], note = '') =>
  bench.command('lamp.set', { station, name: `Phone ${station}`, reachable: true, note, calls });

/** The gap between two notifications. */
async function told(dialog: PhoneDialog): Promise<SipRequest> {
  // The answer to the one before has to have come before the gap begins.
  await phoneIdle();
  await bench.clock.advance(500);
  const notify = await dialog.next('NOTIFY');
  phone.answer(notify, 200);
  return notify;
}

/** What the telephone has sent so far has been read. */
async function phoneIdle(): Promise<void> {
  await phone.request('OPTIONS', { authorize: false });
}

describe('a lamp', () => {
  it('of an analog telephone that has no account shows its calls', async () => {
    await lamp(1);
    const { dialog, first } = await watch('dialog', '1');
    expect(first.headers.get('Event')).toBe('dialog');
    expect(first.headers.get('Subscription-State')).toBe('active;expires=600');
    expect(first.headers.get('Content-Type')).toBe('application/dialog-info+xml');
    expect(first.body.toString()).toContain(`entity="sip:1@${DOMAIN}"`);
    expect(first.body.toString()).toContain('<state>terminated</state>');

    await lamp(1, [{ id: '7', direction: 'in', state: 'early', remote: '13800138000' }]);
    const ringing = (await told(dialog)).body.toString();
    expect(ringing).toContain('<state>early</state>');
    expect(ringing).toContain('direction="recipient"');
    expect(ringing).toContain(`sip:13800138000@${DOMAIN}`);
    expect(ringing).toMatch(/call-id="[^"]+" local-tag="[^"]+" remote-tag="[^"]+"/);

    await lamp(1, [{ id: '7', direction: 'in', state: 'confirmed', remote: '' }]);
    const talking = (await told(dialog)).body.toString();
    expect(talking).toContain('<state>confirmed</state>');
    expect(talking).not.toContain('call-id');
    await lamp(1);
    expect((await told(dialog)).body.toString()).toContain('<state>terminated</state>');
  });

  it('is renewed in its dialog, and put out by Expires: 0', async () => {
    const { dialog } = await watch('dialog;id=3', '1002');
    await phoneIdle();
    const renewed = await dialog.request('SUBSCRIBE', {
      headers: [
        ['Event', 'dialog;id=3'],
        ['Expires', '1200'],
      ],
    });
    expect([renewed.status, renewed.headers.get('Expires')]).toEqual([200, '1200']);
    const again = await dialog.next('NOTIFY');
    expect(again.headers.get('Event')).toBe('dialog;id=3');
    expect(again.headers.get('Subscription-State')).toBe('active;expires=1200');
    phone.answer(again, 200);
    const ended = await dialog.request('SUBSCRIBE', {
      headers: [
        ['Event', 'dialog;id=3'],
        ['Expires', '0'],
      ],
    });
    expect(ended.status).toBe(200);
    const last = await dialog.next('NOTIFY');
    expect(last.headers.get('Subscription-State')).toBe('terminated;reason=timeout');
    phone.answer(last, 200);
    await phoneIdle();
    expect((await bench.command('statistics', {})).dialogs).toBe(0);
    expect((await dialog.request('SUBSCRIBE', { headers: [['Event', 'dialog;id=3']] })).status).toBe(481);
  });

  it('goes out when nobody renews it', async () => {
    const { dialog } = await watch('dialog', '1002', [['Expires', '60']]);
    await phoneIdle();
    await bench.clock.advance(61_000);
    const last = await dialog.next('NOTIFY');
    expect(last.headers.get('Subscription-State')).toBe('terminated;reason=timeout');
    phone.answer(last, 200);
    await phoneIdle();
    expect((await bench.command('statistics', {})).dialogs).toBe(0);
  });

  it('is forgotten when the telephone says that it knows nothing of it', async () => {
    const { dialog } = await watch('dialog', '1002');
    await phoneIdle();
    await bench.clock.advance(500);
    await lamp(1002, [{ id: '7', direction: 'out', state: 'confirmed', remote: '1003' }]);
    phone.answer(await dialog.next('NOTIFY'), 481);
    await phoneIdle();
    expect((await bench.command('statistics', {})).dialogs).toBe(0);
  });
});

describe('presence', () => {
  it('tells of registration, calls and what an agent says', async () => {
    const { dialog, first } = await watch('presence', '1002');
    expect(first.body.toString()).toContain('<basic>closed</basic>');
    await lamp(1002);
    expect((await told(dialog)).body.toString()).toContain('<basic>open</basic>');
    await lamp(1002, [{ id: '7', direction: 'out', state: 'confirmed', remote: '' }]);
    expect((await told(dialog)).body.toString()).toContain('<note>On the phone</note>');
    await lamp(1002, [], 'Not ready');
    expect((await told(dialog)).body.toString()).toContain('<note>Not ready</note>');
  });
});

describe('messages', () => {
  it('light the lamp of their own telephone alone', async () => {
    const { dialog, first } = await watch('message-summary', '1001');
    expect(first.body.toString()).toContain('Messages-Waiting: no');
    await bench.command('messages.set', { station: 1001, fresh: 2, old: 5 });
    const lit = (await told(dialog)).body.toString();
    expect(lit).toContain('Messages-Waiting: yes');
    expect(lit).toContain('Voice-Message: 2/5');
    const strange = await phone.request('SUBSCRIBE', { to: '1002', headers: [['Event', 'message-summary']] });
    expect(strange.status).toBe(403);
  });
});

describe('registrations', () => {
  it('are told to their own telephones as they change', async () => {
    const { dialog, first } = await watch('reg', '1001');
    expect(first.body.toString()).toContain(`sip:1001@127.0.0.1:${phone.port}`);
    await bench.phone(1001);
    await bench.clock.advance(50);
    const both = (await told(dialog)).body.toString();
    expect(both.match(/<contact /g)).toHaveLength(2);
    expect(both).toContain('state="active"');
  });
});

describe('a SUBSCRIBE', () => {
  it.each([
    ['to an event that we do not have', '1002', [['Event', 'conference']], 489],
    ['without Event', '1002', [], 489],
    ['to somebody who is not there', '4711', [['Event', 'dialog']], 404],
    [
      'for too short a time',
      '1002',
      [
        ['Event', 'dialog'],
        ['Expires', '5'],
      ],
      423,
    ],
    [
      'that cannot read what it would be told',
      '1002',
      [
        ['Event', 'dialog'],
        ['Accept', 'text/html'],
      ],
      406,
    ],
  ] as [string, string, [string, string][], number][])('%s is refused', async (_what, to, headers, status) => {
    const answer = await phone.request('SUBSCRIBE', { to, headers });
    expect(answer.status).toBe(status);
    if (status === 489) expect(answer.headers.get('Allow-Events')).toContain('dialog');
    expect((await bench.command('statistics', {})).dialogs).toBe(0);
  });

  it('without credentials is challenged, whoever is meant to send it', async () => {
    for (const from of ['1001', '4711'])
      expect(
        (await phone.request('SUBSCRIBE', { from, to: '1002', headers: [['Event', 'dialog']], authorize: false }))
          .status,
      ).toBe(401);
  });

  it('ends with the account', async () => {
    const { dialog } = await watch('dialog', '1002');
    await phoneIdle();
    await bench.command('station.set', stationOf(1001, { enabled: false }));
    const last = await dialog.next('NOTIFY');
    expect(last.headers.get('Subscription-State')).toBe('terminated;reason=rejected');
  });

  it('is told to come back when the box stops', async () => {
    const { dialog } = await watch('dialog', '1002');
    await phoneIdle();
    const stopped = bench.stop();
    const last = await dialog.next('NOTIFY');
    expect(last.headers.get('Subscription-State')).toBe('terminated;reason=probation;retry-after=10');
    phone.answer(last, 200);
    await stopped;
  });
});
