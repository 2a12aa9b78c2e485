// How the call of a browser sounded is measured while it lasts and stored with it, both ways: between browser and box a network
// that loses every fifth packet one way and every tenth the other.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LocalApi } from '../../daemon/src/cli/local-api.js';
import type { CallDetail, LineQuality } from '../../daemon/src/contract/index.js';
import { storedCall, waitFor, whileRunning } from '../support/box.js';
import { LossyLink, every } from '../support/lossy-link.js';
import { addStation, DOMAIN, startSipBox, type SipBox } from '../support/peer-box.js';
import { speech } from '../support/speech.js';
import { WebPhone } from '../support/web-phone.js';

const STATION = 1001;
const AGENT = '2001';
const CALLED = '13800138009';

let box: SipBox;
let api: LocalApi;
let link: LossyLink;
let phone: WebPhone;
const running = whileRunning();

beforeAll(async () => {
  box = await startSipBox({ env: { CORDBOARD_SIP_WS_PORT: '0', CORDBOARD_SIP_WEBRTC_PORT: '0' } }, running);
  api = new LocalApi(box.config.home);
  link = await LossyLink.open(running);
  const secret = await addStation(box, STATION, { digest: ['md5'], codecs: ['opus'] });
  await api.request('POST', `/agents/${AGENT}/sign-in`, { station: STATION });
  phone = await WebPhone.start(
    {
      ...{ url: `ws://127.0.0.1:${box.sip!.ports!.wsPort}`, number: STATION, secret, domain: DOMAIN },
      says: speech(0).samples,
      heardOf: (sdp) => link.through(sdp),
    },
    running,
  );
});
afterAll(() => running.end());

it('is told while it is bad, told again when it is good, and stored with the call', async () => {
  const arrived = new Promise<string>((resolve) => {
    box.calls.events.on('call.arrived', ({ call }) => resolve(call.id));
  });
  const told: (LineQuality | null)[] = [];
  box.live.on('agent.line', ({ agentId, quality }) => void (agentId === AGENT && told.push(quality)));
  box.exchange.subscribers.setPlan(CALLED, { answerAfterMs: 100 });
  await phone.dial(`0${CALLED}`);
  const id = await arrived;
  phone.speak();
  const last = (): LineQuality | null | undefined => told.at(-1);
  await waitFor(box.live, 'agent.line', () => last()?.word === 'good' && last()?.hears != null);
  expect(last()).toMatchObject({ agentId: AGENT, station: STATION, browser: true, silent: false });

  link.up = every(5);
  link.down = every(10);
  // What was measured reaches back to before the loss at first.
  const loss = (way: 'says' | 'hears'): number => last()?.[way]?.lossShare ?? 0;
  await waitFor(box.live, 'agent.line', () => last()?.word === 'poor' && loss('hears') > 0.07 && loss('says') > 0.15);
  const bad = last()!;
  expect(bad.says!.lossShare).toBeLessThan(0.25);
  expect(bad.hears!.lossShare).toBeLessThan(0.14);
  expect(bad.roundTripMs).not.toBeNull();
  const [asked] = await api.request<LineQuality[]>('GET', '/floor/lines');
  expect(asked).toMatchObject({ agentId: AGENT, word: 'poor' });

  // Nothing at all comes: the line is dead, although nothing can be counted as lost.
  link.up = () => true;
  await waitFor(box.live, 'agent.line', () => last()?.silent === true);
  expect(last()).toMatchObject({ word: 'poor', says: null });

  link.up = () => false;
  link.down = () => false;
  await waitFor(box.live, 'agent.line', () => last()?.word === 'good');
  phone.hangUp();
  await waitFor(box.live, 'agent.line', () => last() === null);
  expect(await api.request<LineQuality[]>('GET', '/floor/lines')).toEqual([]);

  await storedCall(box, id);
  const { streams } = await api.request<CallDetail>('GET', `/calls/${id}`);
  expect(streams).toHaveLength(1);
  const [stream] = streams;
  console.log(`stored: ${JSON.stringify(stream)}`);
  expect(stream).toMatchObject({ role: 'caller', station: STATION, encrypted: true });
  expect(stream!.codec.toLowerCase()).toBe('opus');
  expect(stream!.lost).toBeGreaterThan(20);
  expect(stream!.remoteLost).toBeGreaterThan(10);
  for (const known of [stream!.roundTripMs, stream!.remoteJitterMs, stream!.mosReceived, stream!.mosSent])
    expect(known).not.toBeNull();
  expect(stream!.mosReceived).toBeLessThan(4);
});
