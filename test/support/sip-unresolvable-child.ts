// The program of the figure: thousands of messages full of names that the machine's own name servers do not know or do not answer for.
import { serialise } from '../../daemon/src/sip/message/index.js';
import { SystemResolver } from '../../daemon/src/sip/locate/system-resolver.js';
import { percentile } from './sip-load-box.js';
import { RawPhone, unresolvable } from './sip-raw-phone.js';
import { RunningStack, station, trunk } from './sip-running-stack.js';

const DATAGRAMS = 6000;
const EACH = 20;
/** nobody answers at this port */
const MUTE = '127.0.0.1:9';

const stack = await RunningStack.start(
  { stations: [station(1001)], trunks: [trunk('carrier', { sources: ['127.0.0.20/32'] })] },
  { resolver: new SystemResolver({ servers: [MUTE] }) },
);
stack.answerCalls();
const server = { host: stack.host, port: stack.ports.port };
const gateway = await RawPhone.open({ number: 5551000, host: '127.0.0.20', server });
const probe = await RawPhone.open({ number: 1001, server });
const waited: number[] = [];
const calls: string[] = [];
stack.on('call.offered', ({ call }) => calls.push(call));
// Compiled before it is measured.
for (let i = 0; i < EACH; i++) await probe.ask('OPTIONS');
for (let i = 0; i < DATAGRAMS; i++) {
  const method = ['INVITE', 'OPTIONS', 'REGISTER'][i % 3] ?? '';
  gateway.send(serialise(unresolvable(gateway, method, 'example')));
  if (i % EACH !== EACH - 1) continue;
  // Their BYEs have nowhere to go.
  for (const call of calls.splice(0)) void stack.handlers['call.release']({ call, cause: 16 });
  const asked = performance.now();
  await probe.ask('OPTIONS');
  waited.push(performance.now() - asked);
}
const figures = {
  resent: probe.resent,
  datagrams: (await stack.statistics()).counters['messagesIn'],
  optionsMedianMs: percentile(waited, 50),
  optionsLongestMs: percentile(waited, 100),
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
process.exit(0);
