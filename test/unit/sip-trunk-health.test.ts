// Whether a carrier's hosts take calls, by OPTIONS over real sockets: drained, back again, and not believed when they come and go.
import { describe, expect, it } from 'vitest';
import { Carrier, SDP, stackDesk, stackTrunk } from '../support/sip-carrier.js';
import { until } from '../support/turns.js';

const ASKED = { optionsIntervalS: 30 };

/** Two hosts of one trunk, the first preferred. */
async function twoHosts() {
  const [one, two] = [
    await Carrier.open('udp', { host: '127.0.0.2' }),
    await Carrier.open('udp', { host: '127.0.0.3' }),
  ];
  const hosts = [one.host({ priority: 1 }), two.host({ priority: 2 })];
  const desk = await stackDesk({ trunks: [stackTrunk({ ...ASKED, hosts })] });
  await desk.state('up');
  return { one, two, ...desk };
}

describe('a host that falls silent', () => {
  it('gets no calls after two questions, and its calls go on; when it answers again for a while it gets them again', async () => {
    const { one, two, ...desk } = await twoHosts();
    const running = desk.dial('13800138000');
    const invite = await one.next('INVITE');
    await one.answer(invite, 200, { sdp: SDP(50_000) });
    await desk.seen('call.answered', ({ call }) => call === running);
    one.deaf = true;
    const silentMs = await desk.advanceUntil(() => desk.states().at(-1) === 'up: no answer: 127.0.0.2', 60_000);
    expect(silentMs).toBeLessThanOrEqual(45_000);
    desk.dial('13800138001');
    await two.next('INVITE');
    expect(desk.of('call.released')).toEqual([]);
    one.deaf = false;
    const backMs = await desk.advanceUntil(() => desk.states().at(-1) === 'up', 30_000);
    expect(backMs).toBeGreaterThanOrEqual(5000);
    desk.dial('13800138002');
    expect((await one.next('INVITE')).uri.user).toBe('13800138002');
    expect(desk.of('call.released').map(({ call }) => call)).not.toContain(running);
  });

  it('takes the trunk down when it is the only one, and calls are refused at once', async () => {
    const only = await Carrier.open();
    const desk = await stackDesk({ trunks: [stackTrunk({ ...ASKED, hosts: [only.host()] })] });
    await desk.state('up');
    only.deaf = true;
    await desk.advanceUntil(() => desk.states().at(-1) === 'down: no host answers', 60_000);
    expect(() => desk.dial('13800138000')).toThrow('no host of trunk carrier answers');
    only.deaf = false;
    await desk.advanceUntil(() => desk.states().at(-1) === 'up', 30_000);
    desk.dial('13800138000');
    await only.next('INVITE');
  });

  it('is called nevertheless in an emergency', async () => {
    const only = await Carrier.open();
    const desk = await stackDesk({ trunks: [stackTrunk({ ...ASKED, hosts: [only.host()], maxCalls: 1 })] });
    await desk.state('up');
    desk.dial('13800138000');
    await only.next('INVITE');
    expect(() => desk.dial('13800138001')).toThrow('no call left');
    only.script = () => undefined;
    await desk.advanceUntil(() => desk.states().at(-1) === 'down: no host answers', 60_000);
    desk.dial('110', { emergency: true });
    await expect.poll(() => only.all('INVITE').map(({ uri }) => uri.user)).toContain('110');
  });
});

describe('a host that comes and goes', () => {
  it('has to answer for longer each time, so that states do not flutter', async () => {
    const only = await Carrier.open();
    const desk = await stackDesk({ trunks: [stackTrunk({ ...ASKED, hosts: [only.host()] })] });
    await desk.state('up');
    const backMs: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      only.deaf = true;
      await desk.advanceUntil(() => desk.states().at(-1) !== 'up', 60_000);
      only.deaf = false;
      backMs.push(await desk.advanceUntil(() => desk.states().at(-1) === 'up', 300_000));
    }
    for (const [i, ms] of backMs.entries()) if (i > 0) expect(ms).toBeGreaterThan(backMs[i - 1]!);
    expect(backMs.at(-1)).toBeGreaterThan(100_000);
    expect(backMs.at(-1)).toBeLessThan(180_000);
  });

  it('that loses one question and its answer is not drained', async () => {
    const only = await Carrier.open();
    const desk = await stackDesk({ trunks: [stackTrunk({ ...ASKED, hosts: [only.host()] })] });
    await desk.state('up');
    // The first question and its answer.
    await desk.advance(1000);
    for (let i = 0; i < 3; i += 1) {
      const asked = only.all('OPTIONS').length;
      only.deaf = true;
      await desk.advance(34_000);
      only.deaf = false;
      await desk.advanceUntil(() => only.all('OPTIONS').length > asked, 60_000);
      await desk.advance(5000);
    }
    expect(desk.states()).toEqual(['down', 'up']);
  });
});

describe('what a host says to OPTIONS', () => {
  it('drains it when it is 503, for as long as it says', async () => {
    const only = await Carrier.open();
    let full = false;
    only.script = ({ request }) =>
      request.method !== 'OPTIONS'
        ? undefined
        : full
          ? { status: 503, headers: [['Retry-After', '60']] }
          : { status: 200 };
    const desk = await stackDesk({ trunks: [stackTrunk({ ...ASKED, hosts: [only.host()] })] });
    await desk.state('up');
    full = true;
    await desk.advanceUntil(() => desk.states().at(-1) === 'down: no host answers', 40_000);
    full = false;
    const asked = only.all('OPTIONS').length;
    await desk.advance(55_000);
    expect(only.all('OPTIONS')).toHaveLength(asked);
    await desk.advanceUntil(() => desk.states().at(-1) === 'up', 30_000);
  });

  it.each([401, 404, 405, 481, 500, 501])('shows that it lives when it is %i', async (status) => {
    const only = await Carrier.open();
    only.script = () => ({ status });
    const desk = await stackDesk({ trunks: [stackTrunk({ ...ASKED, hosts: [only.host()] })] });
    await desk.state('up');
    await desk.advance(90_000);
    expect(only.all('OPTIONS').length).toBeGreaterThan(2);
    expect(desk.states()).toEqual(['down', 'up']);
  });
});

it('hosts of one priority have calls in proportion to their weights, and of another only when those are gone', async () => {
  const carriers = await Promise.all(
    ['127.0.0.2', '127.0.0.3', '127.0.0.4'].map((host) => Carrier.open('udp', { host })),
  );
  const [light, heavy, last] = carriers as [Carrier, Carrier, Carrier];
  for (const carrier of carriers)
    carrier.script = ({ request }) => (request.method === 'INVITE' ? { status: 486 } : { status: 200 });
  const hosts = [light.host({ weight: 10 }), heavy.host({ weight: 30 }), last.host({ priority: 20 })];
  const desk = await stackDesk({ trunks: [stackTrunk({ hosts, maxCalls: 1000 })] });
  await desk.state('up');
  for (let i = 1; i <= 200; i += 1) {
    desk.dial('13800138000');
    if (i % 10 === 0)
      await until(() => light.all('INVITE').length + heavy.all('INVITE').length === i, `${i} are there`);
  }
  expect(light.all('INVITE').length).toBeGreaterThan(20);
  expect(light.all('INVITE').length).toBeLessThan(90);
  expect(last.all('INVITE')).toHaveLength(0);
});
