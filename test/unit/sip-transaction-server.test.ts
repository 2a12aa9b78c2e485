// Server transactions against the figures of RFC 3261 clause 17.2 and RFC 6026.
import { describe, expect, it } from 'vitest';
import { parseMessage, type SipRequest } from '../../daemon/src/sip/message/index.js';
import { PEER, US, peerRequest, transactionBench } from '../support/sip-wire-peer.js';

type Bench = ReturnType<typeof transactionBench>;

async function arrives(bench: Bench, method: string, options = {}): Promise<void> {
  bench.peer.sendText(peerRequest(method, options), US);
  await bench.advance(5);
}

/** ACK of a final answer that is no 2xx: the branch and the tag are the INVITE's and ours. */
function ack(bench: Bench, options = {}): Promise<void> {
  return arrives(bench, 'ACK', { toTag: bench.served[0]!.toTag, ...options });
}

describe('an INVITE server transaction', () => {
  it('sends 100 after 200 ms, unless the user has answered', async () => {
    const bench = transactionBench();
    await arrives(bench, 'INVITE');
    await bench.advance(195);
    expect(bench.sentAt('100 INVITE')).toEqual([]);
    await bench.advance(20);
    expect(bench.sentAt('100 INVITE')).toEqual([210]);
    expect(bench.lastSent('100 INVITE').toTag).toBeUndefined();

    const quick = transactionBench();
    await arrives(quick, 'INVITE');
    quick.served[0]!.respond(quick.served[0]!.response(180));
    await quick.advance(60_000);
    expect(quick.wire.names).toEqual([`${PEER}>${US} INVITE`, `${US}>${PEER} 180 INVITE`]);
  });

  it('answers a repeated INVITE with what it said last, and does not hand it on', async () => {
    const bench = transactionBench();
    await arrives(bench, 'INVITE');
    await arrives(bench, 'INVITE');
    expect(bench.sentAt('100 INVITE')).toEqual([10]);
    const [transaction] = bench.served;
    transaction!.respond(transaction!.response(180));
    transaction!.respond(transaction!.response(183));
    await arrives(bench, 'INVITE');
    expect(bench.wire.named('180 INVITE')).toHaveLength(1);
    expect(bench.wire.named('183 INVITE').map((packet) => packet.bytes.toString())).toEqual(
      Array(2).fill(bench.wire.named('183 INVITE')[0]!.bytes.toString()),
    );
    expect(bench.served).toHaveLength(1);
    expect(bench.layer.counters.requestsRepeated).toBe(2);
  });

  it('repeats a refusal by timer G up to T2 until timer H ends it', async () => {
    const bench = transactionBench();
    await arrives(bench, 'INVITE');
    expect(bench.layer.unanswered).toBe(1);
    bench.served[0]!.respond(bench.served[0]!.response(486));
    expect(bench.layer.unanswered).toBe(0);
    await bench.advance(40_000);
    const times = bench.sentAt('486 INVITE');
    // It came at 5 ms; timers fire at whole ticks of 10 ms.
    expect(times).toEqual([5, 510, 1510, 3510, 7510, 11510, 15510, 19510, 23510, 27510, 31510]);
    expect(bench.heard).toEqual(['failed timeout', 'ended 32010']);
    expect(bench.layer.size.server).toBe(0);
    expect(bench.layer.unanswered).toBe(0);
    expect(bench.clock.timers).toBe(0);
  });

  it('stops at the ACK, absorbs further ones for T4, and answers a repeated INVITE no more', async () => {
    const bench = transactionBench();
    await arrives(bench, 'INVITE');
    bench.served[0]!.respond(bench.served[0]!.response(486));
    await arrives(bench, 'INVITE');
    expect(bench.sentAt('486 INVITE')).toEqual([5, 10]);
    await ack(bench);
    await ack(bench);
    await arrives(bench, 'INVITE');
    await bench.advance(10_000);
    expect(bench.sentAt('486 INVITE')).toHaveLength(2);
    expect(bench.acks).toEqual([]);
    expect(bench.heard).toEqual(['ended 5020']);
    expect(bench.layer.size.server).toBe(0);
  });

  it('over a connection neither repeats a refusal nor waits after the ACK', async () => {
    const bench = transactionBench('tcp');
    await arrives(bench, 'INVITE', { transport: 'TCP' });
    bench.served[0]!.respond(bench.served[0]!.response(486));
    await bench.advance(20_000);
    expect(bench.sentAt('486 INVITE')).toEqual([5]);
    await ack(bench, { transport: 'TCP' });
    expect(bench.heard).toEqual(['ended 20010']);
    expect(bench.layer.size.server).toBe(0);
  });

  it('absorbs the INVITE for 64*T1 after a 2xx and hands every ACK to the user', async () => {
    const bench = transactionBench();
    await arrives(bench, 'INVITE');
    const [transaction] = bench.served;
    transaction!.respond(transaction!.response(200));
    await arrives(bench, 'INVITE');
    await ack(bench);
    await ack(bench, { branch: 'z9hG4bKother' });
    expect(bench.acks).toHaveLength(2);
    transaction!.resend();
    await bench.advance(31_980);
    expect([bench.layer.size.server, bench.layer.unanswered]).toEqual([1, 0]);
    await bench.advance(50);
    expect(bench.sentAt('200 INVITE')).toEqual([5, 20]);
    expect(bench.served).toHaveLength(1);
    expect(bench.heard).toEqual(['ended 32010']);
    transaction!.resend();
    expect(bench.sentAt('200 INVITE')).toHaveLength(2);
  });

  it('counts what is said after the final answer and does not send it', async () => {
    const bench = transactionBench();
    await arrives(bench, 'INVITE');
    const [transaction] = bench.served;
    transaction!.respond(transaction!.response(404));
    transaction!.respond(transaction!.response(180));
    transaction!.respond(transaction!.response(200));
    transaction!.resend();
    await bench.advance(5);
    expect(bench.wire.named('200 INVITE')).toHaveLength(0);
    expect(bench.wire.named('180 INVITE')).toHaveLength(0);
    expect(bench.wire.named('404 INVITE')).toHaveLength(1);
    expect(bench.layer.counters.illegalResponses).toBe(3);
  });

  it('tells when an answer cannot be sent, and stays: the client sends the INVITE again', async () => {
    const bench = transactionBench();
    await arrives(bench, 'INVITE');
    bench.port.unreachable.add(PEER);
    bench.served[0]!.respond(bench.served[0]!.response(486));
    await bench.advance(5);
    expect(bench.heard).toEqual(['failed transport']);
    bench.port.unreachable.delete(PEER);
    await arrives(bench, 'INVITE');
    expect(bench.sentAt('486 INVITE')).toEqual([15]);
  });

  it('has one tag for all its answers, that of the request when it has one', async () => {
    const bench = transactionBench();
    await arrives(bench, 'INVITE');
    const [transaction] = bench.served;
    expect(transaction!.response(180).toTag).toBe(transaction!.toTag);
    expect(transaction!.response(200).toTag).toBe(transaction!.toTag);
    await arrives(bench, 'INVITE', { branch: 'z9hG4bK2', toTag: 'given', cseq: 2 });
    expect(bench.served[1]!.toTag).toBe('given');
  });
});

describe('CANCEL', () => {
  it('is answered 200 with the tag of the INVITE, and the user hears of it once', async () => {
    const bench = transactionBench();
    await arrives(bench, 'INVITE');
    await arrives(bench, 'CANCEL');
    await arrives(bench, 'CANCEL');
    expect(bench.heard).toEqual(['cancelled']);
    const [transaction] = bench.served;
    expect(transaction!.cancelled).toBe(true);
    expect(bench.wire.named('200 CANCEL')).toHaveLength(2);
    expect(bench.lastSent('200 CANCEL').toTag).toBe(transaction!.toTag);
    expect(transaction!.answered).toBe(false);
    transaction!.respond(transaction!.response(487));
    await ack(bench);
    await bench.advance(5000);
    expect(bench.layer.size.server).toBe(0);
  });

  it('changes nothing when the INVITE has been answered', async () => {
    for (const status of [200, 486]) {
      const bench = transactionBench();
      await arrives(bench, 'INVITE');
      bench.served[0]!.respond(bench.served[0]!.response(status));
      await arrives(bench, 'CANCEL');
      expect(bench.heard).toEqual([]);
      expect(bench.served[0]!.cancelled).toBe(false);
      expect(bench.wire.named('200 CANCEL')).toHaveLength(1);
    }
  });

  it('is answered 481 when no INVITE matches', async () => {
    const bench = transactionBench();
    await arrives(bench, 'CANCEL');
    await arrives(bench, 'OPTIONS', { branch: 'z9hG4bK9' });
    await arrives(bench, 'CANCEL', { branch: 'z9hG4bK9' });
    expect(bench.wire.named('481 CANCEL')).toHaveLength(2);
    expect(bench.layer.counters.strayCancels).toBe(2);
  });
});

describe('a server transaction of another request', () => {
  it('answers repeated requests from the store until timer J', async () => {
    const bench = transactionBench();
    await arrives(bench, 'OPTIONS');
    await arrives(bench, 'OPTIONS');
    expect(bench.wire.names).toHaveLength(2);
    bench.served[0]!.respond(bench.served[0]!.response(200));
    await arrives(bench, 'OPTIONS');
    expect(bench.sentAt('200 OPTIONS')).toEqual([10, 15]);
    expect(bench.served).toHaveLength(1);
    await bench.advance(31_990);
    expect(bench.layer.size.server).toBe(1);
    await bench.advance(10);
    expect(bench.heard).toEqual(['ended 32010']);
    expect(bench.layer.size.server).toBe(0);
    expect(bench.clock.timers).toBe(0);
  });

  it('over a connection is over with its answer', async () => {
    const bench = transactionBench('tcp');
    await arrives(bench, 'OPTIONS', { transport: 'TCP' });
    bench.served[0]!.respond(bench.served[0]!.response(200));
    expect(bench.layer.size.server).toBe(0);
    expect(bench.heard).toEqual(['ended 5']);
  });

  it('sends 100 when the client has reached T2, and no other provisional answer (RFC 4320)', async () => {
    const bench = transactionBench();
    await arrives(bench, 'OPTIONS');
    bench.served[0]!.respond(bench.served[0]!.response(100));
    bench.served[0]!.respond(bench.served[0]!.response(183));
    await bench.advance(3490);
    expect(bench.wire.names).toHaveLength(1);
    await bench.advance(20);
    expect(bench.sentAt('100 OPTIONS')).toEqual([3510]);
    expect(bench.wire.names).toHaveLength(2);
    await bench.advance(40_000);
    expect(bench.heard).toEqual(['failed timeout', 'ended 32010']);
    bench.served[0]!.respond(bench.served[0]!.response(200));
    await bench.advance(5);
    expect(bench.wire.named('200 OPTIONS')).toHaveLength(0);
  });
});

describe('which transaction a request belongs to', () => {
  it('is told by branch, sent-by and method (RFC 3261 17.2.3)', async () => {
    const bench = transactionBench();
    await arrives(bench, 'OPTIONS', { toTag: 'a' });
    await arrives(bench, 'OPTIONS', { toTag: 'b' });
    expect(bench.served).toHaveLength(1);
    await arrives(bench, 'OPTIONS', { toTag: 'a', viaPort: 5062 });
    await arrives(bench, 'OPTIONS', { toTag: 'a', branch: 'z9hG4bK2' });
    await arrives(bench, 'INFO', { toTag: 'a' });
    expect(bench.served).toHaveLength(4);
  });

  it.each([
    ['no branch', ''],
    ['a branch without the cookie', '1'],
  ])('with %s is told by URI, tags, Call-ID, CSeq and Via', async (_, branch) => {
    const bench = transactionBench();
    await arrives(bench, 'INVITE', { branch });
    await arrives(bench, 'INVITE', { branch });
    expect(bench.served).toHaveLength(1);
    await arrives(bench, 'INVITE', { branch, cseq: 2 });
    await arrives(bench, 'INVITE', { branch, callId: 'another' });
    expect(bench.served).toHaveLength(3);
    await arrives(bench, 'CANCEL', { branch });
    expect(bench.heard).toEqual(['cancelled']);
    const [transaction] = bench.served;
    transaction!.respond(transaction!.response(487));
    await arrives(bench, 'ACK', { branch, toTag: 'not-ours' });
    expect(bench.acks).toHaveLength(1);
    await arrives(bench, 'ACK', { branch, toTag: transaction!.toTag });
    expect(bench.acks).toHaveLength(1);
    await bench.advance(20_000);
    expect(bench.heard).toHaveLength(2);
    expect(bench.layer.size.server).toBe(2);
  });

  it('gives the user the ACK of an RFC 2543 client to a 2xx', async () => {
    const bench = transactionBench();
    await arrives(bench, 'INVITE', { branch: '' });
    bench.served[0]!.respond(bench.served[0]!.response(200));
    await ack(bench, { branch: '' });
    expect(bench.acks).toHaveLength(1);
  });

  it('forgets what RFC 2543 clients were to acknowledge', async () => {
    const bench = transactionBench();
    await arrives(bench, 'INVITE', { branch: '' });
    bench.served[0]!.respond(bench.served[0]!.response(486));
    await bench.advance(33_000);
    await ack(bench, { branch: '' });
    expect(bench.acks).toHaveLength(1);
  });

  it('refuses a second copy that came another way with 482 (RFC 3261 8.2.2.2)', async () => {
    const bench = transactionBench();
    await arrives(bench, 'INVITE');
    await arrives(bench, 'INVITE', { branch: 'z9hG4bKdetour' });
    await arrives(bench, 'INVITE', { branch: 'z9hG4bKdetour' });
    expect(bench.served).toHaveLength(1);
    expect(bench.wire.named('482 INVITE')).toHaveLength(2);
    const tags = bench.wire.named('482 INVITE').map((packet) => packet.message.toTag);
    expect(tags[0]).toBe(tags[1]);
    expect(bench.layer.counters.merged).toBe(2);
    // In a dialog a request has one way only.
    await arrives(bench, 'INVITE', { branch: 'z9hG4bK3', toTag: 'x', cseq: 3 });
    await arrives(bench, 'INVITE', { branch: 'z9hG4bK4', toTag: 'x', cseq: 3 });
    expect(bench.served).toHaveLength(3);
  });

  it('lets the same request in again when the first copy is forgotten', async () => {
    const bench = transactionBench();
    await arrives(bench, 'OPTIONS');
    bench.served[0]!.respond(bench.served[0]!.response(200));
    await bench.advance(33_000);
    await arrives(bench, 'OPTIONS', { branch: 'z9hG4bKagain' });
    expect(bench.served).toHaveLength(2);
  });
});

describe('where answers go', () => {
  const targets = async (options: object): Promise<number[]> => {
    const bench = transactionBench();
    const ports: number[] = [];
    bench.port.sendBytes = (_, target) => {
      expect(target.remote.host).toBe(PEER);
      ports.push(target.remote.port);
      return Promise.resolve(bench.flow);
    };
    await arrives(bench, 'OPTIONS', options);
    bench.served[0]!.respond(bench.served[0]!.response(200));
    return ports;
  };

  it('is the port they came from when the client asks for that, otherwise that of Via', async () => {
    expect(await targets({ viaPort: 7000 })).toEqual([5060]);
    expect(await targets({ viaPort: 7000, viaParams: '' })).toEqual([7000]);
  });

  it('is never the host that Via names', async () => {
    expect(await targets({ viaParams: ';maddr=198.51.100.9;received=198.51.100.8' })).toEqual([5060]);
  });
});

describe('when there is too much', () => {
  const all = ['INVITE', 'REGISTER', 'OPTIONS', 'SUBSCRIBE', 'MESSAGE'];

  it('new requests are turned away before any work, and what belongs to calls passes', async () => {
    const bench = transactionBench('udp', { overload: () => 7 });
    for (const [i, method] of all.entries()) await arrives(bench, method, { branch: `z9hG4bKn${i}`, callId: `n${i}` });
    expect(bench.served).toHaveLength(0);
    expect(bench.layer.size.server).toBe(0);
    expect(bench.layer.counters.shed).toBe(5);
    for (const method of all) expect(bench.lastSent(`503 ${method}`).headers.get('Retry-After')).toBe('7');
    const kept = ['INVITE', 'UPDATE', 'INFO', 'BYE', 'PRACK', 'REFER'];
    for (const [i, method] of kept.entries()) await arrives(bench, method, { branch: `z9hG4bKd${i}`, toTag: 'in' });
    await arrives(bench, 'BYE', { branch: 'z9hG4bKb' });
    await arrives(bench, 'ACK', { branch: 'z9hG4bKa', toTag: 'in' });
    expect(bench.served.map((transaction) => transaction.request.method)).toEqual([...kept, 'BYE']);
    expect(bench.acks).toHaveLength(1);
    await arrives(bench, 'CANCEL', { branch: 'z9hG4bKd0', toTag: 'in' });
    expect(bench.heard).toEqual(['cancelled']);
  });

  it('is not asked about a repeated request', async () => {
    const asked: string[] = [];
    const overload = ({ method }: Pick<SipRequest, 'method'>): undefined => void asked.push(method);
    const bench = transactionBench('udp', { overload });
    await arrives(bench, 'INVITE');
    await arrives(bench, 'INVITE');
    expect(asked).toEqual(['INVITE']);
  });

  it('new requests find no room before those of dialogs do', async () => {
    const bench = transactionBench('udp', { limits: { server: 2, serverReserve: 1 } });
    for (let i = 0; i < 4; i++) await arrives(bench, 'INVITE', { branch: `z9hG4bKn${i}`, callId: `n${i}` });
    expect(bench.served).toHaveLength(2);
    expect(bench.lastSent('503 INVITE').headers.get('Retry-After')).toBe('32');
    for (let i = 0; i < 3; i++) await arrives(bench, 'BYE', { branch: `z9hG4bKd${i}`, toTag: 'in', cseq: i });
    expect(bench.served).toHaveLength(3);
    expect(bench.layer.counters.noRoom).toBe(4);
    expect(bench.layer.size.server).toBe(3);
  });
});

describe('the layer', () => {
  it('answers 500 when the user fails, and lives on', async () => {
    const bench = transactionBench('udp', {
      user: {
        request: () => {
          throw new Error('broken');
        },
        ack: () => undefined,
      },
    });
    await arrives(bench, 'OPTIONS');
    expect(bench.wire.named('500 OPTIONS')).toHaveLength(1);
    await bench.advance(33_000);
    expect(bench.layer.size.server).toBe(0);
  });

  it('answers what is no whole message, but no ACK', async () => {
    const bench = transactionBench();
    const text = peerRequest('OPTIONS').replace('Max-Forwards: 70', 'Contact: "');
    const broken = parseMessage(Buffer.from(text.replace(/\n/g, '\r\n')));
    if (broken.kind !== 'failure' || broken.request === undefined) throw new Error('it is whole');
    bench.layer.refuse(broken.request, bench.flow, broken.status, broken.reason);
    await bench.advance(5);
    expect(bench.wire.names).toEqual([`${US}>${PEER} 400 OPTIONS`]);
    const ackRequest = parseMessage(Buffer.from(peerRequest('ACK').replace(/\n/g, '\r\n')));
    if (ackRequest.kind !== 'request') throw new Error('no ACK');
    bench.layer.refuse(ackRequest, bench.flow, 400);
    expect(bench.wire.names).toHaveLength(1);
  });

  it('forgets everything when it closes', async () => {
    const bench = transactionBench();
    await arrives(bench, 'INVITE');
    await arrives(bench, 'OPTIONS', { branch: 'z9hG4bK2', cseq: 2 });
    bench.served[0]!.respond(bench.served[0]!.response(486));
    const call = bench.send('INVITE');
    await bench.advance(10);
    bench.layer.close();
    expect(bench.layer.size).toEqual({ server: 0, client: 0 });
    expect(call.events).toEqual(['failed closed 20', 'ended 20']);
    expect(bench.clock.timers).toBe(0);
  });
});
