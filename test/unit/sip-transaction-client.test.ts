// Client transactions against the figures of RFC 3261 clause 17.1 and RFC 6026.
import { describe, expect, it } from 'vitest';
import { newResponse, type SipRequest } from '../../daemon/src/sip/message/index.js';
import { PEER, US, peerRequest, transactionBench } from '../support/sip-wire-peer.js';

type Bench = ReturnType<typeof transactionBench>;

/** A request of ours that has reached the peer. */
async function sent(bench: Bench, method: string, headers: [string, string][] = []) {
  const call = bench.send(method, headers);
  await bench.advance(10);
  const request = bench.wire.named(method, US).at(-1)!.message as SipRequest;
  const answer = async (status: number, toTag?: string): Promise<void> => {
    await bench.answer(request, status, toTag);
    await bench.advance(10);
  };
  return { ...call, request, answer };
}

describe('an INVITE client transaction', () => {
  it('repeats the INVITE by timer A, byte for byte, until timer B ends it', async () => {
    const bench = transactionBench();
    const { events } = bench.send('INVITE');
    await bench.advance(60_000);
    expect(bench.sentAt('INVITE')).toEqual([0, 500, 1500, 3500, 7500, 15500, 31500]);
    expect(new Set(bench.wire.packets.map((packet) => packet.bytes.toString())).size).toBe(1);
    expect(events).toEqual(['failed timeout 32000', 'ended 32000']);
    expect(bench.layer.size.client).toBe(0);
    expect(bench.clock.timers).toBe(0);
  });

  it('stops at a provisional answer and waits without end', async () => {
    const bench = transactionBench();
    const { answer, provisionals, finals, events } = await sent(bench, 'INVITE');
    await answer(100);
    await answer(180);
    await bench.advance(3_600_000);
    expect(bench.sentAt('INVITE')).toEqual([0]);
    expect(events).toEqual([]);
    await answer(200);
    expect([provisionals.length, finals.length]).toEqual([2, 1]);
  });

  it('hands on every 2xx for 64*T1, and no other answer after the first', async () => {
    const bench = transactionBench();
    const { answer, provisionals, finals, events } = await sent(bench, 'INVITE');
    await answer(200, 'one');
    await answer(200, 'one');
    await answer(200, 'two');
    await answer(180, 'two');
    await answer(486, 'three');
    expect(finals.map((response) => `${response.status} ${response.toTag}`)).toEqual(['200 one', '200 one', '200 two']);
    expect(provisionals).toEqual([]);
    expect(bench.layer.counters.strayResponses).toBe(2);
    expect(bench.wire.named('ACK')).toEqual([]);
    await bench.advance(32_000);
    expect(events).toEqual(['ended 32020']);
    await answer(200, 'four');
    expect(finals).toHaveLength(3);
    expect(bench.clock.timers).toBe(0);
  });

  it('acknowledges a refusal, each copy of it, until timer D', async () => {
    const bench = transactionBench();
    const routes: [string, string][] = [
      ['Route', '<sip:192.0.2.2;lr>'],
      ['Route', '<sip:192.0.2.3;lr>'],
    ];
    const { answer, finals, events, request } = await sent(bench, 'INVITE', routes);
    await answer(486);
    await answer(486);
    await answer(200);
    const acks = bench.wire.named('ACK', US);
    expect(acks).toHaveLength(2);
    expect(finals.map((response) => response.status)).toEqual([486]);
    const ack = acks[0]!.message as SipRequest;
    expect(ack.headers.list('Via')).toEqual(request.headers.list('Via'));
    expect(ack.headers.list('Route')).toEqual(['<sip:192.0.2.2;lr>', '<sip:192.0.2.3;lr>']);
    expect([ack.uriText, ack.callId, ack.fromTag, ack.toTag]).toEqual([
      request.uriText,
      request.callId,
      'ours',
      'peer',
    ]);
    expect(ack.cseq).toEqual({ number: 1, method: 'ACK' });
    await bench.advance(32_000);
    expect(events).toEqual(['ended 32020']);
    expect(bench.clock.timers).toBe(0);
  });

  it('over a connection sends once, and is over with a refusal', async () => {
    const bench = transactionBench('tcp');
    const { answer, finals, events } = await sent(bench, 'INVITE');
    await bench.advance(10_000);
    expect(bench.sentAt('INVITE')).toHaveLength(1);
    await answer(486);
    expect(finals).toHaveLength(1);
    expect(bench.wire.named('ACK')).toHaveLength(1);
    expect(events).toEqual(['ended 10015']);
    expect(bench.clock.timers).toBe(0);
  });

  it('fails when it cannot be sent', async () => {
    const bench = transactionBench();
    bench.port.unreachable.add(PEER);
    const { events } = bench.send('INVITE');
    await bench.advance(0);
    expect(events).toEqual(['failed transport 0', 'ended 0']);
    expect(bench.clock.timers).toBe(0);
  });

  it('does not send again what went over a connection because it was large', async () => {
    const bench = transactionBench();
    const inner = bench.port.sendBytes.bind(bench.port);
    bench.port.sendBytes = async (bytes, target) => ({
      ...(await inner(bytes, target)),
      transport: 'tcp',
      connection: 9,
    });
    const { answer } = await sent(bench, 'INVITE');
    await bench.advance(20_000);
    expect(bench.sentAt('INVITE')).toEqual([0]);
    const ways: unknown[] = [];
    bench.port.sendBytes = (_, target) => {
      ways.push([target.transport, target.connection]);
      return Promise.resolve(bench.flow);
    };
    await bench.answer(bench.wire.named('INVITE')[0]!.message as SipRequest, 486);
    await bench.advance(10);
    await answer(486);
    expect(ways).toEqual([['tcp', 9]]);
  });
});

describe('cancelling', () => {
  it('waits for a provisional answer, then sends CANCEL the same way', async () => {
    const bench = transactionBench();
    const { transaction, answer, finals, events, request } = await sent(bench, 'INVITE', [
      ['Route', '<sip:192.0.2.2;lr>'],
    ]);
    transaction.cancel('Q.850;cause=16');
    transaction.cancel();
    await bench.advance(400);
    expect(bench.wire.named('CANCEL')).toEqual([]);
    await answer(100);
    await answer(180);
    const cancels = bench.wire.named('CANCEL', US);
    expect(cancels).toHaveLength(1);
    const cancel = cancels[0]!.message as SipRequest;
    expect(cancel.headers.list('Via')).toEqual(request.headers.list('Via'));
    expect(cancel.headers.get('Route')).toBe('<sip:192.0.2.2;lr>');
    expect(cancel.headers.get('Reason')).toBe('Q.850;cause=16');
    expect(cancel.cseq).toEqual({ number: 1, method: 'CANCEL' });
    expect(cancel.toTag).toBeUndefined();
    await bench.answer(cancel, 200);
    await answer(487);
    expect(finals.map((response) => response.status)).toEqual([487]);
    await bench.advance(40_000);
    expect(events).toHaveLength(1);
    expect(bench.layer.size.client).toBe(0);
    expect(bench.clock.timers).toBe(0);
  });

  it('lets the 2xx that crossed it through', async () => {
    const bench = transactionBench();
    const { transaction, answer, finals } = await sent(bench, 'INVITE');
    await answer(180);
    transaction.cancel();
    await answer(200);
    expect(finals.map((response) => response.status)).toEqual([200]);
  });

  it('ends the INVITE after 64*T1 when the server says nothing more', async () => {
    const bench = transactionBench();
    const { transaction, answer, events } = await sent(bench, 'INVITE');
    await answer(180);
    transaction.cancel();
    await bench.advance(32_000);
    expect(events).toEqual(['failed timeout 32020', 'ended 32020']);
    await bench.advance(1000);
    expect(bench.layer.size.client).toBe(0);
    expect(bench.clock.timers).toBe(0);
  });

  it('does nothing after a final answer, nor to other requests', async () => {
    const bench = transactionBench();
    const call = await sent(bench, 'INVITE');
    await call.answer(200);
    call.transaction.cancel();
    const options = await sent(bench, 'OPTIONS');
    await options.answer(100);
    options.transaction.cancel();
    await bench.advance(100);
    expect(bench.wire.named('CANCEL')).toEqual([]);
  });
});

describe('a client transaction of another request', () => {
  it('repeats the request by timer E up to T2 until timer F ends it', async () => {
    const bench = transactionBench();
    const { events } = bench.send('OPTIONS');
    await bench.advance(60_000);
    expect(bench.sentAt('OPTIONS')).toEqual([0, 500, 1500, 3500, 7500, 11500, 15500, 19500, 23500, 27500, 31500]);
    expect(events).toEqual(['failed timeout 32000', 'ended 32000']);
    expect(bench.clock.timers).toBe(0);
  });

  it('goes on every T2 after a provisional answer', async () => {
    const bench = transactionBench();
    const { answer, provisionals, events } = await sent(bench, 'OPTIONS');
    await answer(100);
    await bench.advance(14_000);
    expect(bench.sentAt('OPTIONS')).toEqual([0, 4020, 8020, 12020]);
    expect(provisionals).toHaveLength(1);
    await bench.advance(20_000);
    expect(events).toEqual(['failed timeout 32000', 'ended 32000']);
  });

  it('hands on one final answer and absorbs its copies until timer K', async () => {
    const bench = transactionBench();
    const { answer, finals, events } = await sent(bench, 'OPTIONS');
    await answer(200);
    await answer(200);
    expect(finals).toHaveLength(1);
    expect(bench.layer.counters.strayResponses).toBe(1);
    await bench.advance(5000);
    expect(events).toEqual(['ended 5020']);
    expect(bench.clock.timers).toBe(0);
  });
});

describe('connections that close', () => {
  const connection = transactionBench('tcp').flow.connection;

  it('end what is not yet known to have arrived', async () => {
    const bench = transactionBench('tcp');
    const invite = await sent(bench, 'INVITE');
    const options = await sent(bench, 'OPTIONS');
    bench.layer.connectionClosed(connection);
    expect(invite.events).toEqual(['failed closed 20', 'ended 20']);
    expect(options.events).toEqual(['failed closed 20', 'ended 20']);
    bench.layer.connectionClosed(connection);
    expect(bench.layer.connections).toBe(0);
  });

  it('are remembered no longer than what went by them', async () => {
    const bench = transactionBench('tcp');
    const calls = [await sent(bench, 'INVITE'), await sent(bench, 'OPTIONS')];
    expect(bench.layer.connections).toBe(1);
    await calls[0]!.answer(486);
    expect(bench.layer.connections).toBe(1);
    await calls[1]!.answer(200);
    expect(bench.layer.connections).toBe(0);
  });

  it('leave an INVITE that rings: its answer can come by another', async () => {
    const bench = transactionBench('tcp');
    const invite = await sent(bench, 'INVITE');
    await invite.answer(180);
    bench.layer.connectionClosed(connection);
    await invite.answer(200);
    expect(invite.finals).toHaveLength(1);
    expect(invite.events).toEqual([]);
  });

  it('end an INVITE that rings at a browser, which has no other', async () => {
    const bench = transactionBench('wss');
    const invite = await sent(bench, 'INVITE');
    await invite.answer(180);
    bench.layer.connectionClosed(bench.flow.connection);
    expect(invite.events).toEqual(['failed closed 20', 'ended 20']);
  });
});

describe('which transaction an answer belongs to', () => {
  it('is told by branch and method, and there must be no other Via', async () => {
    const bench = transactionBench();
    const { request, finals } = await sent(bench, 'OPTIONS');
    const response = newResponse(request, 200);
    const change = async (edit: (text: string) => string): Promise<void> => {
      bench.peer.sendText(edit(textOf(response)), US);
      await bench.advance(10);
    };
    const textOf = (one: typeof response): string =>
      `SIP/2.0 200 OK\n${[...one.headers.entries()].map(([name, value]) => `${name}: ${value}`).join('\n')}\n\n`;
    await change((text) => text.replace(/branch=z9hG4bK/, 'branch=z9hG4bKx'));
    await change((text) => text.replace('1 OPTIONS', '1 INFO'));
    await change((text) => text.replace('Via: ', 'Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK0\nVia: '));
    await change((text) => text.replace('From: ', 'Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK0\nFrom: '));
    expect(finals).toEqual([]);
    expect(bench.layer.counters.strayResponses).toBe(4);
    await change((text) => text);
    expect(finals).toHaveLength(1);
  });
});

describe('requests outside a transaction', () => {
  it('go out again as they were', async () => {
    const bench = transactionBench();
    bench.peer.sendText(peerRequest('INVITE'), US);
    await bench.advance(5);
    const { request } = bench.served[0]!;
    request.headers.remove('Via');
    bench.layer.sendOnce(request, bench.peer.target);
    bench.layer.sendOnce(request, bench.peer.target);
    const texts = bench.wire.named('INVITE', US).map((packet) => packet.bytes.toString());
    expect(texts).toHaveLength(2);
    expect(texts[0]).toBe(texts[1]);
    expect(bench.layer.size.client).toBe(0);
    bench.port.unreachable.add(PEER);
    bench.layer.sendOnce(request, bench.peer.target);
    await bench.advance(0);
    expect(bench.layer.counters.sendFailures).toBe(1);
  });
});

describe('limits', () => {
  it('give a request beyond them up without sending it', async () => {
    const bench = transactionBench('udp', { limits: { client: 2 } });
    const calls = [bench.send('OPTIONS'), bench.send('INFO'), bench.send('MESSAGE')];
    expect(calls[2]!.events).toEqual([]);
    await bench.advance(0);
    expect(calls.map(({ events }) => events)).toEqual([[], [], ['failed closed 0', 'ended 0']]);
    expect(bench.wire.names).toHaveLength(2);
    expect(bench.layer.size.client).toBe(2);
  });
});

describe('thousands of transactions', () => {
  it('leave nothing behind when their timers have run', async () => {
    const bench = transactionBench();
    bench.wire.fate = (packet) => (packet.number % 7 === 0 ? [] : [0]);
    for (let i = 0; i < 2000; i++) {
      bench.send(i % 2 === 0 ? 'INVITE' : 'OPTIONS');
      const branch = `z9hG4bKp${i}`;
      bench.peer.sendText(peerRequest(i % 3 === 0 ? 'INVITE' : 'INFO', { branch, callId: branch }), US);
    }
    await bench.advance(100);
    for (const [i, transaction] of bench.served.entries())
      transaction.respond(transaction.response(i % 5 === 0 ? 404 : 200));
    for (const message of bench.peer.received) {
      if (message.kind === 'request' && message.callId !== 'call-INFO') await bench.answer(message, 486);
    }
    await bench.advance(70_000);
    expect(bench.served.length).toBeGreaterThan(1500);
    expect(bench.layer.size).toEqual({ server: 0, client: 0 });
    expect([bench.wheel.size, bench.clock.timers]).toEqual([0, 0]);
  });
});
