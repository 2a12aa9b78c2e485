// The daemon ends, told to or killed, while SIP calls are up: nobody is left in a call with nobody, and telephones that were
// registered still are.
import { expect, it } from 'vitest';
import type { CallDetail, CallList, SipAccount, SipRegistration } from '../../daemon/src/contract/index.js';
import { openDatabase } from '../../daemon/src/db/index.js';
import type { SipRequest } from '../../daemon/src/sip/message/index.js';
import { join } from 'node:path';
import { DaemonProcess, eventually } from '../support/daemon-process.js';
import { freePort } from '../support/free-ports.js';
import { HandPhone } from '../support/hand-phone.js';
import { temporaryFolder } from '../support/temporary-folder.js';

interface Running {
  daemon: DaemonProcess;
  port: number;
}

async function started(env: Record<string, string> = {}): Promise<Running> {
  const port = await freePort();
  const daemon = new DaemonProcess(temporaryFolder(), {
    CORDBOARD_LANGUAGE: 'en',
    CORDBOARD_SIP_HOST: '127.0.0.1',
    CORDBOARD_SIP_PORT: String(port),
    CORDBOARD_SIP_TRUSTED: '127.0.0.1',
    ...env,
  });
  await daemon.start();
  return { daemon, port };
}

async function registered({ daemon, port }: Running, number: number, settings = {}): Promise<HandPhone> {
  const { secret } = await daemon.api.request<SipAccount>('POST', '/stations/sip', { number, ...settings });
  const phone = await HandPhone.open({ server: port, number, secret });
  expect((await phone.register()).status).toBe(200);
  await eventually(
    () => daemon.api.request<SipRegistration[]>('GET', '/sip/registrations'),
    (all) => all.some(({ station }) => station === number),
  );
  return phone;
}

const tagOf = (header: string): string => /;tag=([^;]+)/.exec(header)?.[1] ?? '';
const dialogOf = (request: SipRequest) => ({ callId: request.callId, ours: request.toTag, theirs: request.fromTag });

it('killed in calls, it ends them with BYE when it is back, and knows who is registered', async () => {
  const running = await started();
  const { daemon } = running;
  const one = await registered(running, 1001);
  const other = await registered(running, 1002);
  const caller = await registered(running, 1003, { allowedClasses: ['internal', 'local', 'national', 'mobile'] });
  const trunk = await HandPhone.open({ server: running.port, number: 'carrier' });
  await daemon.api.request('POST', '/trunks', {
    ...{ id: 'carrier', kind: 'sip', mode: 'address', optionsIntervalS: 0 },
    hosts: [{ host: '127.0.0.1', port: trunk.port }],
  });
  await daemon.api.request('POST', '/outbound-routes', { name: 'out', pattern: '0138.', trunks: ['carrier'] });

  const call = one.call('1002');
  const incoming = await other.called();
  const ackOfOther = incoming.answer();
  const answer = await call.connected();
  await ackOfOther;
  const out = caller.call('013800138000');

  const outside = await trunk.called();
  const proxy = `<sip:127.0.0.1:${trunk.port};lr;x=route>`;
  const ackOfTrunk = await outside.answer([['Record-Route', proxy]]);
  await out.connected();
  const inviteOfOther = await incoming.invite;

  await eventually(
    () => daemon.api.request<CallList>('GET', '/calls?state=live'),
    ({ calls }) => calls.length === 2 && calls.every(({ phase }) => phase === 'talking'),
  );
  const waiting = await registered(running, 1004);
  const rung = await registered(running, 1005);
  const unanswered = waiting.call('1005');
  const ringing = await rung.called();
  await ringing.respond(180);
  await waiting.nextResponse('180 INVITE');
  // A write comes after those before it: what has been told until now is on the disk then.
  for (const address of ['192.0.2.1', '192.0.2.2']) await daemon.api.request('POST', '/sip/bans', { address });

  expect(await daemon.end('SIGKILL')).toBe('SIGKILL');
  await daemon.start();

  const atOne = await call.take('BYE');
  expect(dialogOf(atOne)).toEqual({ callId: call.callId, ours: call.tag, theirs: tagOf(answer.headers.get('To')!) });
  const atOther = await incoming.take('BYE');
  expect(dialogOf(atOther)).toEqual({
    ...{ callId: incoming.callId, ours: incoming.tag },
    theirs: inviteOfOther.fromTag,
  });
  expect(atOther.cseq.number).toBeGreaterThan(inviteOfOther.cseq.number);
  const atTrunk = await outside.take('BYE');
  expect(dialogOf(atTrunk)).toEqual({ callId: outside.callId, ours: outside.tag, theirs: ackOfTrunk.fromTag });
  expect(atTrunk.headers.list('Route')).toEqual([proxy]);
  expect(atTrunk.headers.get('Reason')).toMatch(/Q\.850;cause=41/);
  await out.take('BYE');
  expect((await unanswered.final).status).toBe(503);
  const cancel = await rung.nextRequest('CANCEL');
  expect(cancel.headers.get('Via')).toBe((await ringing.invite).headers.get('Via'));

  // Once is enough: nothing is left to be ended at the next start.
  const registrations = await daemon.api.request<SipRegistration[]>('GET', '/sip/registrations');
  expect(registrations.map(({ station, userAgent, transport }) => ({ station, userAgent, transport }))).toEqual(
    [1001, 1002, 1003, 1004, 1005].map((station) => ({ station, userAgent: 'Hand 1.0', transport: 'udp' })),
  );
  // Without registering again they call and are called.
  const again = one.call('1002');
  const found = await other.called();
  const ack = found.answer();
  await again.connected();
  await ack;
  await Promise.all([again.bye(), found.take('BYE')]);
  await eventually(
    () => daemon.api.request<CallList>('GET', '/calls?state=ended'),
    ({ calls }) => calls.length === 1,
  );
  expect(await daemon.end('SIGTERM'), daemon.output).toBe(0);
  const db = await openDatabase({ file: join(daemon.home, 'cordboard.sqlite') });
  expect(await db.sipDialogs.list()).toEqual([]);
  await db.close();
});

it('told to stop, it says BYE to both', async () => {
  const running = await started();
  const one = await registered(running, 1001);
  const other = await registered(running, 1002);
  const call = one.call('1002');
  const incoming = await other.called();
  const ack = incoming.answer();
  await call.connected();
  await ack;
  for (const { rtp } of [one, other]) await rtp.until(({ packets }) => packets > 10, 'they hear each other');
  const ended = running.daemon.end('SIGTERM');
  await Promise.all([call.take('BYE'), incoming.take('BYE')]);
  expect(await ended, running.daemon.output).toBe(0);
  await running.daemon.start();
  const { calls } = await running.daemon.api.request<CallList>('GET', '/calls');
  const detail = await running.daemon.api.request<CallDetail>('GET', `/calls/${calls[0]!.id}`);
  expect(detail).toMatchObject({ state: 'ended', cause: 41, releasedBy: 'system' });
  expect(detail.streams.map(({ role }) => role)).toContain('caller');
  await running.daemon.end('SIGTERM');
});

it('started again, it takes telephones that still use a nonce from before: they hear stale once, and nobody is banned', async () => {
  // This machine is not trusted, and they are more than may send wrong answers from one address.
  const running = await started({ CORDBOARD_SIP_TRUSTED: '198.51.100.1' });
  const { daemon } = running;
  const phones = [];
  for (let number = 1001; number <= 1012; number += 1) phones.push(await registered(running, number));
  expect(await daemon.end('SIGTERM'), daemon.output).toBe(0);
  await daemon.start();
  for (const phone of phones) {
    phone.received.length = 0;
    expect((await phone.register()).status).toBe(200);
    const [challenge, granted, ...more] = phone.received.filter(({ cseq }) => cseq.method === 'REGISTER');
    expect(challenge).toMatchObject({ kind: 'response', status: 401 });
    expect(challenge!.headers.list('WWW-Authenticate').join()).toMatch(/stale=true/i);
    expect([granted?.kind === 'response' && granted.status, more]).toEqual([200, []]);
  }
  expect(await daemon.api.request('GET', '/sip/bans')).toEqual([]);
  const registrations = await daemon.api.request<SipRegistration[]>('GET', '/sip/registrations');
  expect(registrations).toHaveLength(phones.length);
  expect(await daemon.end('SIGTERM'), daemon.output).toBe(0);
});
