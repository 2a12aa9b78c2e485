// The thread of the SIP stack falls: its calls end with a cause, their peers are told, and it is there again with who was
// registered; what has nothing to do with SIP does not notice.
import { syncBuiltinESMExports } from 'node:module';
import threads from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callIn, nothingLeaks, phase, storedCall, waitFor, whileRunning } from '../support/box.js';
import { registered, startSipBox, type SipBox } from '../support/sip-box.js';
import { until } from '../support/turns.js';

/** Every thread that is begun from now on, by whomever. */
const started: threads.Worker[] = [];
class Watched extends threads.Worker {
  constructor(...args: ConstructorParameters<typeof threads.Worker>) {
    super(...args);
    started.push(this);
  }
}
threads.Worker = Watched;
syncBuiltinESMExports();

let sip: SipBox;
const running = whileRunning();
beforeAll(async () => {
  sip = await startSipBox({}, running);
});
afterAll(() => running.end());

it('calls end with a cause and BYE, the stack listens again on its port, and registrations are known', async () => {
  const one = await registered(sip, 1001);
  const other = await registered(sip, 1002);
  const call = one.call('1002');
  const incoming = await other.called();
  const ack = incoming.answer();
  await call.connected();
  await ack;
  const { id } = sip.box.calls.live()[0]!;
  const { callId: elsewhere } = await callIn(sip.box);
  await phase(sip.box, elsewhere, 'inFlow');

  expect(started).toHaveLength(1);
  await started[0]!.terminate();
  const { row } = await storedCall(sip.box, id);
  expect(row).toMatchObject({ state: 'ended', cause: 41, releasedBy: 'fault' });
  expect(sip.box.calls.find(elsewhere)).toBeDefined();
  await Promise.all([call.take('BYE'), incoming.take('BYE')]);
  expect(started).toHaveLength(2);
  await until(() => sip.box.sip?.ports !== undefined, 'SIP listens again');
  expect(sip.box.sip?.ports).toMatchObject({ port: sip.port, tlsPort: sip.tlsPort });

  await waitFor(sip.box.live, 'station.updated', () => sip.box.stations.find(1002)?.reachable === true);
  const again = one.call('1002');
  const found = await other.called();
  const ackAgain = found.answer();
  await again.connected();
  await ackAgain;
  await Promise.all([again.bye(), found.take('BYE')]);
  sip.box.calls.release(elsewhere, 16);
  await storedCall(sip.box, elsewhere);
  await nothingLeaks(sip.box);
  await expect.poll(() => sip.box.db.sipDialogs.list(), { timeout: 45_000 }).toEqual([]);
});
