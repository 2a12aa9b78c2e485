// SIP over TCP, with real sockets: messages in pieces, connections used again, and their ends.
import { describe, expect, it } from 'vitest';
import { newResponse, serialise } from '../../daemon/src/sip/message/index.js';
import { responseTarget, type Target } from '../../daemon/src/sip/transport/index.js';
import { StreamPeer, StreamServer, listener, request, requestBytes, transportDesk } from '../support/sip-peer.js';

const tcp = (remote: Target['remote'], over: Partial<Target> = {}): Target => ({ transport: 'tcp', remote, ...over });

describe('messages', () => {
  it('are found in pieces, and together', async () => {
    const desk = await transportDesk(['tcp']);
    const peer = await StreamPeer.connect(desk.at('tcp'));
    for (const octet of requestBytes({ method: 'FIRST', body: 'a body' })) peer.write(Buffer.from([octet]));
    expect((await desk.requests.next()).request.body.toString()).toBe('a body');
    peer.write(Buffer.concat([requestBytes({ method: 'SECOND' }), requestBytes({ method: 'THIRD' })]));
    expect((await desk.requests.next()).request.method).toBe('SECOND');
    expect((await desk.requests.next()).request.method).toBe('THIRD');
  });

  it('are answered over their connection', async () => {
    const desk = await transportDesk(['tcp']);
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write(requestBytes({ via: 'SIP/2.0/TCP phone.example;branch=z9hG4bK1' }));
    const { request: came, flow } = await desk.requests.next();
    expect(flow).toMatchObject({ transport: 'tcp', local: desk.at('tcp'), remote: peer.local, connection: 1 });
    expect(await desk.transports.send(newResponse(came, 200), responseTarget(came, flow))).toBe(flow);
    expect((await peer.message()).headers.get('Via')).toContain('received=127.0.0.1');
  });

  it('come over IPv6', async () => {
    const desk = await transportDesk([listener('tcp', { host: '::1' })]);
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write(requestBytes());
    expect((await desk.requests.next()).flow.remote).toEqual(peer.local);
  });

  it('thousands of a segment leave timers and other connections their turn', async () => {
    const desk = await transportDesk(['tcp']);
    const [many, one] = [await StreamPeer.connect(desk.at('tcp')), await StreamPeer.connect(desk.at('tcp'))];
    let handled = 0;
    let handledAtTimer: number | undefined;
    let handledAtOther: number | undefined;
    desk.transports.events.on('request', ({ request: came }) => {
      handled += 1;
      if (handled === 1) {
        setTimeout(() => (handledAtTimer = handled), 0);
        one.write(requestBytes({ method: 'OTHER' }));
      }
      if (came.method === 'OTHER') handledAtOther = handled;
      const until = performance.now() + 0.2;
      while (performance.now() < until);
    });
    many.write(Buffer.concat(Array.from({ length: 1000 }, () => requestBytes({ method: 'MANY' }))));
    for (let i = 0; i < 1001; i += 1) await desk.requests.next();
    expect(handledAtTimer).toBeLessThan(200);
    expect(handledAtOther).toBeLessThan(500);
  });

  it('a ping is answered with a pong, however it is cut (RFC 5626 4.4.1)', async () => {
    const desk = await transportDesk(['tcp']);
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write('\r\n\r\n');
    expect(await peer.inbox.next()).toBe('\r\n');
    peer.write(Buffer.concat([requestBytes(), Buffer.from('\r\n\r\n\r\n\r\n')]));
    await desk.requests.next();
    expect(await peer.inbox.next()).toBe('\r\n\r\n');
    expect(desk.transports.counts.tcp.keepAlives).toBe(3);
  });

  it('that cannot be framed end the connection', async () => {
    const desk = await transportDesk(['tcp']);
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    expect((await desk.closed.next()).reason).toMatch(/Content-Length/);
    await peer.closed;
    expect(desk.transports.counts.tcp).toMatchObject({ connectionsCut: 1 });
    expect(desk.transports.connections('tcp')).toBe(0);
  });

  it('twenty malformed ones end the connection', async () => {
    const desk = await transportDesk(['tcp']);
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write('NONSENSE\r\nContent-Length: 0\r\n\r\n'.repeat(30));
    expect((await desk.closed.next()).reason).toMatch(/no SIP/);
    expect(desk.malformed.all).toHaveLength(20);
  });
});

describe('a connection', () => {
  it('is opened once for many, used again, and carries our address', async () => {
    const desk = await transportDesk(['tcp']);
    const server = await StreamServer.open();
    const flows = await Promise.all(
      Array.from({ length: 20 }, () => desk.transports.send(request(), tcp(server.address))),
    );
    expect(new Set(flows).size).toBe(1);
    const peer = await server.accepted.next();
    expect(server.accepted.all).toHaveLength(1);
    expect((await peer.message()).headers.get('Via')).toMatch(`SIP/2.0/TCP 127.0.0.1:${desk.at('tcp').port};`);
    expect(desk.transports.counts.tcp).toMatchObject({ connectionsOut: 1, messagesOut: 20 });
  });

  it('without a listener says its own end', async () => {
    const desk = await transportDesk([]);
    const server = await StreamServer.open();
    const flow = await desk.transports.send(request(), tcp(server.address));
    const came = await (await server.accepted.next()).message();
    expect(came.vias[0]).toMatchObject({ host: flow.local.host, port: flow.local.port });
  });

  it('that the peer opened is used for requests to where it came from', async () => {
    const desk = await transportDesk(['tcp']);
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write(requestBytes());
    await desk.requests.next();
    await desk.transports.send(request({ method: 'NOTIFY' }), tcp(peer.local));
    expect(await peer.message()).toMatchObject({ method: 'NOTIFY' });
  });

  it('carries responses to us as events', async () => {
    const desk = await transportDesk(['tcp']);
    const server = await StreamServer.open();
    await desk.transports.send(request(), tcp(server.address));
    const peer = await server.accepted.next();
    const came = await peer.message();
    if (came.kind !== 'request') throw new Error('it is a request');
    peer.write(serialise(newResponse(came, 486)));
    expect((await desk.responses.next()).response.status).toBe(486);
  });

  it('that was reset in the middle of a message is told, and the half is forgotten', async () => {
    const desk = await transportDesk(['tcp']);
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write(requestBytes());
    const { flow } = await desk.requests.next();
    peer.write(Buffer.concat([Buffer.from('\r\n\r\n'), requestBytes({ method: 'HALF' }).subarray(0, 50)]));
    // The pong says that the half has come as well.
    await peer.inbox.next();
    peer.socket.resetAndDestroy();
    const { connection, reason } = await desk.closed.next();
    expect(connection).toBe(flow.connection);
    expect(reason).toBe('reset by the peer in the middle of a message');
    expect(desk.requests.all).toHaveLength(1);
    expect(desk.transports.connections('tcp')).toBe(0);
  });

  it('that was closed in the middle of a message is told', async () => {
    const desk = await transportDesk(['tcp']);
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.socket.end(requestBytes().subarray(0, 50));
    expect((await desk.closed.next()).reason).toBe('closed by the peer in the middle of a message');
  });

  it('has gone for an answer: another goes to the port of sent-by (RFC 3261 18.2.2)', async () => {
    const desk = await transportDesk(['tcp']);
    const listening = await StreamServer.open();
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write(requestBytes({ via: `SIP/2.0/TCP phone.invalid:${listening.address.port};branch=z9hG4bK1` }));
    const { request: came, flow } = await desk.requests.next();
    peer.socket.destroy();
    await desk.closed.next();
    const later = await desk.transports.send(newResponse(came, 200), responseTarget(came, flow));
    expect(later.connection).not.toBe(flow.connection);
    expect(later.remote).toEqual(listening.address);
    expect(await (await listening.accepted.next()).message()).toMatchObject({ status: 200 });
  });

  it('has gone for a request that must go by it', async () => {
    const desk = await transportDesk(['tcp']);
    const listening = await StreamServer.open();
    const sent = desk.transports.send(request(), tcp(listening.address, { connection: 99 }));
    await expect(sent).rejects.toMatchObject({ code: 'gone' });
    expect(desk.transports.counts.tcp.sendFailures).toBe(1);
    expect(listening.accepted.all).toHaveLength(0);
  });

  it('that nobody accepts is an error of its own, and another try is free', async () => {
    const desk = await transportDesk(['tcp']);
    const server = await StreamServer.open();
    const { address } = server;
    const refused = tcp({ ...address, port: 1 });
    await expect(desk.transports.send(request(), refused)).rejects.toMatchObject({ code: 'unreachable' });
    await expect(desk.transports.send(request(), refused)).rejects.toMatchObject({ code: 'unreachable' });
    await desk.transports.send(request(), tcp(address));
  });

  it('is never opened to a name, or to a WebSocket client', async () => {
    const desk = await transportDesk(['tcp', 'ws']);
    const named = desk.transports.send(request(), tcp({ host: 'localhost', port: 5060 }));
    await expect(named).rejects.toMatchObject({ code: 'unsupported' });
    const browser = desk.transports.send(request(), { transport: 'ws', remote: { host: '127.0.0.1', port: 5060 } });
    await expect(browser).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('is closed on demand, with what was written', async () => {
    const desk = await transportDesk(['tcp']);
    const peer = await StreamPeer.connect(desk.at('tcp'));
    peer.write(requestBytes());
    const { flow } = await desk.requests.next();
    const sent = desk.transports.sendBytes(requestBytes({ method: 'LAST' }), tcp(peer.local));
    desk.transports.close(flow.connection, 'not wanted');
    expect((await desk.closed.next()).reason).toBe('not wanted');
    await sent;
    await peer.closed;
    expect(peer.text).toContain('LAST');
  });
});
