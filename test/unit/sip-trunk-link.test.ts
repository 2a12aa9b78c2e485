// A trunk that registers, over real sockets: what a carrier may say to REGISTER, and what becomes of the trunk.
import { describe, expect, it } from 'vitest';
import { Carrier, digestGate, stackDesk, stackTrunk, type Answer, type Heard } from '../support/sip-carrier.js';
import { UdpPeer, whole } from '../support/sip-peer.js';
import { newAuthority } from '../support/sip-peer-certificates.js';
import { newResponse, serialise, type SipRequest } from '../../daemon/src/sip/message/index.js';
import type { StackTrunk } from '../../daemon/src/sip/stack/index.js';

const ACCOUNT = { mode: 'register', username: '4001', secret: 'a secret' } as const;

/** 200 with the contact as it was asked for. */
function granted({ request }: Heard, more: readonly (readonly [string, string])[] = []): Answer {
  const expires = request.headers.get('Expires') ?? '';
  const headers = [['Contact', `${request.headers.get('Contact')};expires=${expires}`], ...more] as const;
  return { status: 200, headers };
}

/** A carrier that answers REGISTER so, and a stack with a trunk to it. */
async function registering(answer: (heard: Heard) => Answer | undefined, over: Partial<StackTrunk> = {}) {
  const carrier = await Carrier.open();
  carrier.script = (heard) => (heard.request.method === 'REGISTER' ? answer(heard) : { status: 200 });
  const desk = await stackDesk({ trunks: [stackTrunk({ ...ACCOUNT, hosts: [carrier.host()], ...over })] });
  return { carrier, ...desk, registers: () => carrier.all('REGISTER') };
}

describe('a registration', () => {
  it.each(['MD5', 'SHA-256'] as const)(
    'is made with credentials by %s, and renewed before it runs out',
    async (algorithm) => {
      const gate = digestGate('4001', 'a secret', algorithm);
      const desk = await registering((heard) => gate.ask(heard) ?? granted(heard));
      await desk.state('up');
      expect(desk.states()).toEqual(['registering', 'up']);
      const [first, second] = desk.registers();
      expect(first!.headers.has('Authorization')).toBe(false);
      expect(second!.headers.get('Authorization')).toContain(`algorithm=${algorithm}`);
      expect([first!.callId, first!.cseq.number + 1]).toEqual([second!.callId, second!.cseq.number]);
      expect(second!.headers.get('To')).toBe('<sip:4001@127.0.0.1>');
      expect(second!.headers.get('Contact')).toContain(`4001@127.0.0.1:${desk.port}`);
      await desk.advance(449_000);
      expect(desk.registers()).toHaveLength(2);
      await desk.advance(2000);
      // The nonce is known by now: no challenge is needed.
      await expect.poll(() => desk.registers().length).toBe(3);
      expect(desk.registers()[2]!.headers.get('Authorization')).toContain('nc=00000002');
    },
  );

  it('goes on with a fresh nonce when the old one is stale', async () => {
    const gate = digestGate('4001', 'a secret', 'MD5');
    const desk = await registering((heard) => gate.ask(heard) ?? granted(heard));
    await desk.state('up');
    gate.staleNow();
    await desk.advance(451_000);
    await expect.poll(() => desk.registers().length).toBe(4);
    expect(desk.states()).toEqual(['registering', 'up']);
    await desk.advance(1000);
    expect(desk.registers()).toHaveLength(4);
  });

  it('asks for as long as the carrier wants at least, and renews when that is over', async () => {
    const desk = await registering((heard) =>
      Number(heard.request.headers.get('Expires')) < 1800
        ? { status: 423, headers: [['Min-Expires', '1800']] }
        : granted(heard),
    );
    await desk.state('up');
    expect(desk.registers().map(({ headers }) => headers.get('Expires'))).toEqual(['600', '1800']);
    await desk.advance(1_340_000);
    expect(desk.registers()).toHaveLength(2);
    await desk.advance(11_000);
    await expect.poll(() => desk.registers().at(-1)!.headers.get('Expires')).toBe('1800');
    expect(desk.registers()).toHaveLength(3);
  });

  it('is not asked for again and again of a carrier that always wants more', async () => {
    let least = 600;
    const desk = await registering(() => ({ status: 423, headers: [['Min-Expires', String((least += 100))]] }));
    await desk.state('refused: 423 Interval Too Brief');
    expect(desk.registers()).toHaveLength(2);
  });

  it.each([
    [401, 'Unauthorized'],
    [403, 'Forbidden'],
    [404, 'Not Found'],
  ])('that is refused with %i is not tried again for an hour', async (status, reason) => {
    const gate = digestGate('4001', 'another secret', 'MD5');
    const desk = await registering((heard) => (status === 401 ? gate.ask(heard) : { status }));
    await desk.state(`refused: ${status} ${reason}`);
    const tries = desk.registers().length;
    expect(tries).toBe(status === 401 ? 2 : 1);
    await desk.advance(3_590_000);
    expect(desk.registers()).toHaveLength(tries);
    expect(() => desk.dial('13800138000')).toThrow('no host');
    await desk.advance(11_000);
    await expect.poll(() => desk.registers().length).toBeGreaterThan(tries);
  });

  it('waits as long as Retry-After says', async () => {
    let busy = true;
    const desk = await registering((heard) =>
      busy ? { status: 503, headers: [['Retry-After', '120']] } : granted(heard),
    );
    await desk.state('refused: 503 Service Unavailable');
    busy = false;
    await desk.advance(119_000);
    expect(desk.registers()).toHaveLength(1);
    await desk.advance(2000);
    await desk.state('up');
  });

  it('is tried again after a silence, each time later', async () => {
    const desk = await registering(() => undefined);
    await desk.carrier.next('REGISTER');
    await desk.advance(8000);
    await desk.state('down: no answer to REGISTER');
    const times: number[] = [];
    for (let s = 0; s < 400; s += 1) {
      const before = desk.registers().length;
      await desk.advance(1000);
      if (desk.registers().length > before) times.push(s);
    }
    const waits = times.map((time, i) => time - (times[i - 1] ?? -8));
    expect(times.length).toBeGreaterThanOrEqual(3);
    expect(times.length).toBeLessThanOrEqual(6);
    for (const [i, wait] of waits.entries()) if (i > 0) expect(wait).toBeGreaterThan(waits[i - 1]!);
  });

  it('stays good while a renewal is not answered, until it runs out', async () => {
    let silent = false;
    const desk = await registering((heard) => (silent ? undefined : granted(heard)));
    await desk.state('up');
    silent = true;
    await desk.advance(590_000);
    expect(desk.registers().length).toBeGreaterThan(2);
    expect(desk.states()).toEqual(['registering', 'up']);
    await desk.advance(11_000);
    await desk.state('down: no answer to REGISTER');
    silent = false;
    await desk.advance(600_000);
    await desk.state('up');
  });

  it('takes the interval of its own contact among others', async () => {
    const desk = await registering(({ request }) => ({
      status: 200,
      headers: [
        ['Contact', `<sip:4001@192.0.2.9:5060>;expires=3000, ${request.headers.get('Contact')};expires=100`],
        ['Expires', '3000'],
      ],
    }));
    await desk.state('up');
    await desk.advance(69_000);
    expect(desk.registers()).toHaveLength(1);
    await desk.advance(7000);
    await expect.poll(() => desk.registers().length).toBe(2);
  });

  it('ends with the trunk, and with the stack', async () => {
    const desk = await registering((heard) => granted(heard));
    await desk.state('up');
    await desk.stop();
    const last = desk.registers().at(-1)!;
    expect(last.headers.get('Expires')).toBe('0');
    expect(last.callId).toBe(desk.registers()[0]!.callId);
  });

  it('is ended before a new one begins when the settings change, and left alone when they do not matter to it', async () => {
    const desk = await registering((heard) => granted(heard));
    await desk.state('up');
    const hosts = [desk.carrier.host()];
    await desk.handlers['trunk.set'](stackTrunk({ ...ACCOUNT, hosts, maxCalls: 5, codecs: ['g722'] }));
    expect(desk.registers()).toHaveLength(1);
    await desk.handlers['trunk.set'](stackTrunk({ ...ACCOUNT, hosts, expiresS: 900 }));
    await expect.poll(() => desk.registers().map(({ headers }) => headers.get('Expires'))).toEqual(['600', '0', '900']);
    await desk.handlers['trunk.remove']({ id: 'carrier' });
    await expect.poll(() => desk.registers().at(-1)!.headers.get('Expires')).toBe('0');
  });

  it('goes to the next host when the first is silent, and moves when its own goes down', async () => {
    const [one, two] = [await Carrier.open(), await Carrier.open()];
    one.deaf = true;
    const answer = (heard: Heard): Answer => (heard.request.method === 'REGISTER' ? granted(heard) : { status: 200 });
    one.script = two.script = answer;
    const hosts = [one.host({ priority: 1 }), two.host({ priority: 2 })];
    const desk = await stackDesk({ trunks: [stackTrunk({ ...ACCOUNT, hosts, optionsIntervalS: 30 })] });
    await desk.advance(8000);
    await desk.state('up');
    expect(two.all('REGISTER')).toHaveLength(1);
    await desk.advance(12_000);
    await desk.state('up: no answer: 127.0.0.1');
    one.deaf = false;
    await desk.advanceUntil(() => desk.states().at(-1) === 'up', 60_000);
    two.deaf = true;
    const before = one.all('REGISTER').length;
    await desk.advanceUntil(() => one.all('REGISTER').length > before, 90_000);
    expect(desk.states().at(-1)).toBe('up: no answer: 127.0.0.1');
    desk.dial('13800138000');
    await expect.poll(() => one.all('INVITE').length).toBe(1);
  });

  it('keeps open what stands between, where OPTIONS do not', async () => {
    const peer = await UdpPeer.open();
    const host = { ...peer.address, transport: 'udp', priority: 10, weight: 10 } as const;
    const desk = await stackDesk({ trunks: [stackTrunk({ ...ACCOUNT, hosts: [host] })] });
    const register = whole(await peer.inbox.next()) as SipRequest;
    await peer.send(serialise(newResponse(register, 200, undefined, { toTag: 'x' })), {
      ...{ host: '127.0.0.1', port: desk.port },
    });
    await desk.state('up');
    const pings = (): number => peer.inbox.all.filter((bytes) => bytes.toString() === '\r\n\r\n').length;
    await desk.advanceUntil(() => pings() === 2, 60_000);
  });
});

describe('a registration over a connection', () => {
  it('is made anew when the carrier closes it', async () => {
    const carrier = await Carrier.open('tcp');
    carrier.script = (heard) => (heard.request.method === 'REGISTER' ? granted(heard) : { status: 200 });
    const desk = await stackDesk({ trunks: [stackTrunk({ ...ACCOUNT, hosts: [carrier.host()] })] });
    await desk.state('up');
    const [first] = carrier.all('REGISTER');
    expect(first!.headers.get('Contact')).toContain(';transport=tcp');
    const { port } = carrier;
    await carrier.close();
    const again = await Carrier.open('tcp', { port });
    again.script = carrier.script;
    await expect
      .poll(async () => {
        await desk.advance(500);
        return again.all('REGISTER').length;
      })
      .toBe(1);
    expect(desk.states()).toEqual(['registering', 'up']);
  });

  it('goes by TLS to a carrier whose certificate is the one that was set, and to no other', async () => {
    const { cert, key } = newAuthority().issue('IP:127.0.0.1');
    const carrier = await Carrier.open('tls', { key, cert });
    carrier.script = (heard) => (heard.request.method === 'REGISTER' ? granted(heard) : { status: 200 });
    const { X509Certificate } = await import('node:crypto');
    const tlsFingerprint = new X509Certificate(cert).fingerprint256;
    const other = tlsFingerprint.replace(/^../, tlsFingerprint.startsWith('00') ? '01' : '00');
    const trunk = { ...ACCOUNT, hosts: [carrier.host()] };
    const desk = await stackDesk({
      trunks: [stackTrunk({ ...trunk, tlsFingerprint }), stackTrunk({ ...trunk, id: 'wrong', tlsFingerprint: other })],
    });
    await desk.state('up');
    await desk.state('down: no answer to REGISTER', 'wrong');
    expect(carrier.all('REGISTER')).toHaveLength(1);
  });
});

describe('what a carrier says with 200', () => {
  it('sends calls through its Service-Route, as the identity that it names', async () => {
    const proxy = await Carrier.open('udp', { host: '127.0.0.3' });
    const route = `<sip:orig@127.0.0.3:${proxy.port};lr>`;
    const desk = await registering(
      (heard) =>
        granted(heard, [
          ['Service-Route', route],
          ['P-Associated-URI', '<sip:+861066668888@carrier.example>, <tel:+861066668888>'],
          ['Path', '<sip:edge.example;lr>'],
        ]),
      { callerIdHeader: 'pai' },
    );
    await desk.state('up');
    expect(desk.registers()[0]!.headers.get('Supported')).toBe('path');
    desk.dial('13800138000');
    const invite = await proxy.next('INVITE');
    expect(invite.headers.list('Route')).toEqual([route]);
    expect(invite.uri).toMatchObject({ user: '13800138000', host: '127.0.0.1', port: desk.carrier.port });
    expect(invite.from.uri.user).toBe('+861066668888');
    expect(invite.headers.get('P-Asserted-Identity')).toContain('sip:01066668888@');
    expect(desk.carrier.all('INVITE')).toHaveLength(0);
    // And what the proxy sends us is the trunk's.
    const call = await proxy.send('INVITE', desk, {
      uri: `sip:4001@127.0.0.1:${desk.port}`,
      to: '<sip:66668888@carrier.example>',
    });
    expect((await desk.seen('call.offered')).calledNumber).toBe('66668888');
    expect(call.got.length).toBeGreaterThanOrEqual(0);
  });
});
