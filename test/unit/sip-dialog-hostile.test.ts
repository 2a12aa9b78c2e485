// Messages of real calls, bent in every way by somebody who sees them: no fault, no call beside them hurt, nothing kept.
import { describe, expect, it } from 'vitest';
import { parseMessage } from '../../daemon/src/sip/message/index.js';
import { RandomSource } from '../../daemon/src/sip/transaction/index.js';
import { seededBytes } from '../support/sip-wire.js';
import { A, B, twoStacks } from '../support/sip-wire-stack.js';

/** What to put in the place of some part of a message. */
const PIECES = [
  '',
  '0',
  '4294967295',
  '2147483647',
  '-1',
  '<sip:x@192.0.2.99>',
  '<sip:x@192.0.2.2;lr>',
  '*',
  ';tag=zzz',
  '100rel',
  'Require: 100rel\r\n',
  'Require: unheard-of\r\n',
  'RSeq: 1\r\n',
  'RAck: 1 1 INVITE\r\n',
  'Session-Expires: 1\r\n',
  'Session-Expires: 90;refresher=uac\r\n',
  'Supported: timer, 100rel\r\n',
  'Refer-To: <sip:a@b?Replaces=x%3Bto-tag%3D1%3Bfrom-tag%3D2>\r\n',
  'Event: refer\r\n',
  'Retry-After: 0\r\n',
  'Record-Route: <sip:192.0.2.2;lr>\r\n',
  'Contact: <sip:192.0.2.1>\r\n',
];
const STATUSES = [
  '100',
  '180',
  '183',
  '200',
  '202',
  '302',
  '401',
  '407',
  '408',
  '422',
  '481',
  '487',
  '491',
  '500',
  '503',
];
const METHODS = 'INVITE ACK BYE CANCEL PRACK UPDATE INFO REFER NOTIFY SUBSCRIBE OPTIONS MESSAGE'.split(' ');

function bend(text: string, random: RandomSource): string {
  const pick = (from: readonly string[]): string => from[random.below(from.length)] ?? '';
  switch (random.below(6)) {
    case 0:
      return text.replace(/^SIP\/2\.0 \d\d\d/, `SIP/2.0 ${pick(STATUSES)}`);
    case 1: {
      const method = pick(METHODS);
      return text.replace(/^[A-Z]+ /, `${method} `).replace(/(CSeq: \d+ )[A-Z]+/, `$1${method}`);
    }
    case 2:
      return text.replace(/(CSeq: )\d+/, `$1${1 + random.below(6)}`).replace(/branch=z9hG4bK/, 'branch=z9hG4bKx');
    case 3:
      return text.replace(/\r\n/, `\r\n${pick(PIECES.filter((piece) => piece.endsWith('\r\n')))}`);
    case 4: {
      const lines = text.split('\r\n');
      const at = 1 + random.below(lines.length - 1);
      const line = lines[at] ?? '';
      lines[at] = line.slice(0, line.indexOf(':') + 1) + pick(PIECES);
      return lines.join('\r\n');
    }
    default: {
      const at = random.below(text.length);
      return text.slice(0, at) + pick(PIECES) + text.slice(at + random.below(20));
    }
  }
}

describe('bent messages', () => {
  it('do no harm', async () => {
    const random = new RandomSource(seededBytes('hostile'));
    const timers = { settings: { sessionExpiresS: 90 } };
    const two = twoStacks('udp', timers, timers);
    const { wire, caller, callee, advance } = two;
    wire.dropsBroken = true;
    let fed = 0;
    let faults = 0;
    const onRejection = (): void => void (faults += 1);
    process.on('unhandledRejection', onRejection);
    for (const stack of [caller, callee]) {
      stack.arrived = ({ session }) => {
        session.events.on('referred', (referral) => referral.accept());
        session.ring();
        void session.progress();
        void session.answer();
      };
    }
    for (let round = 0; round < 150; round++) {
      wire.packets.length = 0;
      const out = [caller.call(B), callee.call(A, { lateOffer: true }), caller.call(B, { requireReliable: true })];
      await advance(30);
      void out[0]!.session.reoffer();
      void out[1]!.session.sendDigit({ digit: '1', durationMs: 1 });
      void out[2]!.session.refer({ referTo: '<sip:x@192.0.2.3>' });
      await advance(30);
      const seen = wire.packets.map(({ to, from, bytes }) => ({ to, from, text: bytes.toString('latin1') }));
      for (let i = 0; i < 40; i++) {
        const { to, from, text } = seen[random.below(seen.length)]!;
        let bent = bend(text, random);
        if (random.below(3) === 0) bent = bend(bent, random);
        const message = parseMessage(Buffer.from(bent, 'latin1'));
        const { port, transactions } = to === A ? caller : callee;
        const flow = port.flowFrom(from);
        fed += 1;
        if (message.kind === 'request') transactions.receiveRequest(message, flow);
        else if (message.kind === 'response') transactions.receiveResponse(message, flow);
        else if (message.request !== undefined)
          transactions.refuse(message.request, flow, message.status, message.reason);
      }
      await advance(500);
      for (const { session } of out) session.end();
      for (const { session } of [...caller.incoming.splice(0), ...callee.incoming.splice(0)]) session.end();
      await advance(2000);
    }
    await advance(500_000);
    process.off('unhandledRejection', onRejection);
    expect(fed).toBe(6000);
    expect(faults).toBe(0);
    expect([caller.living, callee.living, two.clock.timers]).toEqual([[0, 0, 0, 0], [0, 0, 0, 0], 0]);
    // And calls are possible as before.
    const { out, into } = await two.established();
    expect([out.session.state, into.session.state]).toEqual(['confirmed', 'confirmed']);
  }, 120_000);
});
