// A whole box with two SIP carriers that a test plays, a SIP telephone and real audio; laid down by the command line.
import { expect, it, vi } from 'vitest';
import { runCli } from '../../daemon/src/cli/index.js';
import type { Call, CallDetail, OutboundRoute, SipAccount } from '../../daemon/src/contract/index.js';
import type { SipMessage } from '../../daemon/src/sip/message/index.js';
import { connectionOf, parseSdp } from '../../daemon/src/sip/sdp/index.js';
import { DaemonProcess, eventually } from '../support/daemon-process.js';
import { RtpPeer, likeness } from '../support/rtp-peer.js';
import { Carrier, SDP, digestGate, sendAs } from '../support/sip-carrier.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { until } from '../support/turns.js';
import { speechAlaw } from '../support/wav.js';

const SOUNDS = '/usr/share/asterisk/sounds/en_US_f_Allison';
const ONE_SAYS = speechAlaw(`${SOUNDS}/hello-world.wav`);
const OTHER_SAYS = speechAlaw(`${SOUNDS}/vm-goodbye.wav`);
const PHONE = '127.0.0.5';

/** A box with the telephone 1001; `one` registers and is digested, `two` is known by its address; numbers go out over both. */
async function atWork() {
  const daemon = new DaemonProcess(temporaryFolder());
  await daemon.start();
  const port = Number(/"port":(\d+)[^\n]*SIP listens/.exec(daemon.output)?.[1]);
  const cordboard = async (line: string): Promise<{ code: number; out: string; err: string }> => {
    const said = { out: '', err: '' };
    const out = vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((said.out += String(text)), true));
    const err = vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((said.err += String(text)), true));
    try {
      return { code: await runCli([...line.split(' '), '--home', daemon.home]), ...said };
    } finally {
      out.mockRestore();
      err.mockRestore();
    }
  };
  const laid = async <T>(line: string): Promise<T> => {
    const { code, out, err } = await cordboard(`${line} --json`);
    expect([line, err, code]).toEqual([line, '', 0]);
    return JSON.parse(out) as T;
  };
  const one = await Carrier.open('udp', { host: '127.0.0.2' });
  const two = await Carrier.open('udp', { host: '127.0.0.3' });
  const gate = digestGate('4001', 'secret', 'SHA-256');
  one.script = (heard) => {
    if (heard.request.method === 'OPTIONS') return { status: 200 };
    return gate.ask(heard) ?? (heard.request.method === 'REGISTER' ? { status: 200 } : undefined);
  };
  const { secret } = await laid<SipAccount>('station add 1001 --sip --calling-number 01066668888 --codecs pcma');
  await laid(`trunk add one --host 127.0.0.2:${one.port} --user 4001 --secret secret --codecs pcma`);
  await laid(
    `trunk add two --host 127.0.0.3:${two.port} --mode address --caller-id-header pai --rules-in 66668888:8:1001 --codecs pcma`,
  );
  // What a new box has: 0 for outside, over E1.
  const outbound = await daemon.api.request<OutboundRoute[]>('GET', '/outbound-routes');
  for (const { id, trunks } of outbound) {
    await laid(`route remove ${id}`);
    for (const trunk of trunks) await laid(`trunk set ${trunk} --disable`);
  }
  await laid('route add --out X. --trunk one,two');
  return { daemon, port, cordboard, laid, one, two, secret };
}

type Work = Awaited<ReturnType<typeof atWork>>;

/** Where the media of a message go. */
function mediaOf({ body }: SipMessage): { host: string; port: number } {
  const session = parseSdp(body);
  if (session.kind === 'failure') throw new Error(session.reason);
  const [audio] = session.media;
  return { host: connectionOf(session, audio!)!.address, port: audio!.port };
}

const dials = (phone: Carrier, { port, secret }: Work, number: string, rtp: number) =>
  sendAs(phone, { port }, 'INVITE', {
    ...{ user: '1001', secret, uri: `sip:${number}@cordboard`, sdp: SDP(rtp, PHONE) },
  });

async function lastCall({ daemon }: Work): Promise<CallDetail> {
  const { calls } = await eventually(
    () => daemon.api.request<{ calls: Call[] }>('GET', '/calls?limit=1'),
    ({ calls: found }) => found[0]?.state === 'ended',
  );
  return daemon.api.request<CallDetail>('GET', `/calls/${calls[0]!.id}`);
}

/** Both speak until each has heard the other. */
async function bothHear(one: RtpPeer, other: RtpPeer): Promise<void> {
  const [from, to] = [one.heard().length, other.heard().length];
  const secondsOf = (peer: RtpPeer, before: number): number => (peer.heard().length - before) / 8000;
  await until(() => secondsOf(one, from) > 3 && secondsOf(other, to) > 3, 'both have heard three seconds', 30_000);
  expect(likeness(one.heard().subarray(from), other.says)).toBeGreaterThan(0.95);
  expect(likeness(other.heard().subarray(to), one.says)).toBeGreaterThan(0.95);
}

/** Whom the box calls answers. */
async function registers(phone: Carrier, work: Work): Promise<void> {
  const contact = [
    ['Contact', `<sip:1001@${PHONE}:${phone.port}>`],
    ['Expires', '300'],
  ] as const;
  const { final } = await sendAs(phone, work, 'REGISTER', {
    ...{ user: '1001', secret: work.secret, uri: 'sip:cordboard', to: '<sip:1001@cordboard>', headers: contact },
  });
  expect((await final()).status).toBe(200);
  await eventually(
    () => work.daemon.api.request<unknown[]>('GET', '/sip/registrations'),
    ({ length }) => length === 1,
  );
}

it('a call goes to the next carrier when the first is out of order, and both ends hear each other', async () => {
  const work = await atWork();
  const { one, two, port } = work;
  const phone = await Carrier.open('udp', { host: PHONE });
  const [ear, far] = [await RtpPeer.open(PHONE), await RtpPeer.open('127.0.0.3')];
  [ear.says, far.says] = [ONE_SAYS, OTHER_SAYS];
  await until(() => one.all('REGISTER').length >= 2, 'the trunk is registered');
  const call = await dials(phone, work, '13800138000', ear.port);
  // The first INVITE is challenged; the second has credentials.
  await one.answer(await one.next('INVITE'), 503);
  const invite = await two.next('INVITE');
  expect(invite.headers.get('P-Asserted-Identity')).toContain('sip:01066668888@');
  expect(invite.uri.user).toBe('13800138000');

  await two.answer(invite, 183, { sdp: SDP(far.port, '127.0.0.3') });
  await until(() => call.got.some(({ status }) => status === 183), 'the telephone hears of early media');
  const early = call.got.find(({ status }) => status === 183)!;
  far.talk(mediaOf(invite));
  await until(() => ear.heard().length > 16_000, 'the telephone hears something before the answer');
  expect(likeness(ear.heard(), OTHER_SAYS)).toBeGreaterThan(0.95);

  await two.answer(invite, 200, { sdp: SDP(far.port, '127.0.0.3') });
  const answered = await call.final();
  expect(answered.status).toBe(200);
  const inDialog = {
    callId: call.request.callId,
    from: call.request.headers.get('From')!,
    to: answered.headers.get('To')!,
  };
  await phone.send('ACK', work, { ...inDialog, cseq: 2, uri: `sip:127.0.0.1:${port}` });
  ear.talk(mediaOf(early));
  await bothHear(ear, far);

  await phone.send('BYE', work, { ...inDialog, cseq: 3, uri: `sip:127.0.0.1:${port}` });
  const bye = await two.next('BYE');
  expect(bye.headers.get('Reason')).toBe('Q.850;cause=16');
  await two.answer(bye, 200);
  await expect.poll(async () => (await lastCall(work)).recording?.state, { timeout: 20_000 }).toBe('complete');
  const { segments, ...stored } = await lastCall(work);
  expect(stored).toMatchObject({ direction: 'out', cause: 16, releasedBy: 'caller', calledNumber: '13800138000' });
  expect(segments.find(({ kind }) => kind === 'dial')?.data).toMatchObject({
    attempts: [
      { to: 'trunk one 13800138000', outcome: 'failed', cause: 41 },
      { to: 'trunk two 13800138000', outcome: 'answered' },
    ],
  });
});

it('a call from outside reaches a telephone under the number that the carrier asserts, and both hear each other', async () => {
  const work = await atWork();
  const { two, port } = work;
  const phone = await Carrier.open('udp', { host: PHONE });
  await registers(phone, work);
  await until(() => two.all('OPTIONS').length > 0, 'the trunk is there');
  const [ear, far] = [await RtpPeer.open(PHONE), await RtpPeer.open('127.0.0.3')];
  [ear.says, far.says] = [ONE_SAYS, OTHER_SAYS];
  const call = await two.send('INVITE', work, {
    uri: `sip:66668888@127.0.0.1:${port}`,
    sdp: SDP(far.port, '127.0.0.3'),
    // As it is called back, whichever way the carrier writes it.
    headers: [['P-Asserted-Identity', '"Li" <sip:+8613900139000@carrier.example>']],
  });
  const invite = await phone.next('INVITE');
  expect([invite.from.displayName, invite.from.uri.user]).toEqual(['Li', '13900139000']);
  await phone.answer(invite, 180);
  await until(() => call.got.some(({ status }) => status === 180), 'the carrier hears that it rings');
  await phone.answer(invite, 200, { sdp: SDP(ear.port, PHONE) });
  const answered = await call.final();
  const inDialog = {
    callId: call.request.callId,
    from: call.request.headers.get('From')!,
    to: answered.headers.get('To')!,
  };
  await two.send('ACK', work, { ...inDialog, uri: `sip:127.0.0.1:${port}` });
  far.talk(mediaOf(answered));
  ear.talk(mediaOf(invite));
  await bothHear(ear, far);
  await two.send('BYE', work, { ...inDialog, cseq: 2, uri: `sip:127.0.0.1:${port}` });
  await phone.answer(await phone.next('BYE'), 200);
  expect(await lastCall(work)).toMatchObject({ direction: 'in', cause: 16, callingNumber: '13900139000' });
});

it('numbers abroad are refused in words until somebody allows them, and the police are called over every trunk', async () => {
  const work = await atWork();
  const { one, two, laid, daemon } = work;
  const phone = await Carrier.open('udp', { host: PHONE });
  await until(() => one.all('REGISTER').length >= 2, 'the trunk is registered');

  for (const [number, words] of [
    ['0085212345678', 'international'],
    ['+442071838750', 'international'],
    ['16812345', 'premium'],
  ] as const) {
    const refused = await (await dials(phone, work, number, 50_000)).final();
    expect([number, refused.status]).toEqual([number, 403]);
    expect(refused.headers.get('Reason')).toBe(`Q.850;cause=21;text="the telephone may not dial ${words} numbers"`);
    expect(await lastCall(work)).toMatchObject({ cause: 21, releasedBy: 'system' });
  }
  expect(one.all('INVITE').length + two.all('INVITE').length).toBe(0);
  expect(daemon.output).toContain('the telephone may not dial premium numbers');

  await laid('station set 1001 --allow international');
  const abroad = await dials(phone, work, '0085212345678', 50_000);
  const invite = await one.next('INVITE');
  expect(invite.uri.user).toBe('0085212345678');
  await one.answer(invite, 486);
  expect((await abroad.final()).status).toBe(486);
  expect(two.all('INVITE')).toHaveLength(0);

  // No limit and no word of a carrier stops it.
  await laid('trunk set one --calls 1');
  const busy = await dials(phone, work, '13800138000', 50_000);
  await one.answer(await one.next('INVITE'), 180);
  const emergency = await dials(phone, work, '110', 50_002);
  const first = await one.next('INVITE');
  expect(first.uri.user).toBe('110');
  await one.answer(first, 404);
  const second = await two.next('INVITE');
  expect(second.uri.user).toBe('110');
  await two.answer(second, 486);
  expect((await emergency.final()).status).toBe(486);
  expect(busy.got.some(({ status }) => status >= 200 && status !== 401)).toBe(false);
});
