// SIP over TLS: whose certificate is believed, for which name (RFC 5922), and when a connection is used again (RFC 5923).
import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { newResponse } from '../../daemon/src/sip/message/index.js';
import {
  Transports,
  certificateFingerprint,
  responseTarget,
  sameFingerprint,
  type Target,
} from '../../daemon/src/sip/transport/index.js';
import { certificateName, isGoodFor } from '../../daemon/src/sip/transport/certificate.js';
import { systemClock } from '../../daemon/src/platform/index.js';
import { StreamPeer, StreamServer, listener, request, requestBytes, transportDesk } from '../support/sip-peer.js';
import { newAuthority, selfSigned } from '../support/sip-peer-certificates.js';

const authority = newAuthority();
const stranger = newAuthority('Stranger');
const ours = authority.issue('DNS:pbx.example,IP:127.0.0.1');
const carrier = authority.issue('URI:sip:carrier.example,DNS:a.carrier.example');

const secure = listener('tls', { tls: { ...ours, ca: authority.ca, requestClientCert: true } });
const trusting = { ca: authority.ca };
const target = (remote: Target['remote'], over: Partial<Target> = {}): Target => ({
  transport: 'tls',
  remote,
  ...over,
});

describe('a certificate', () => {
  const of = (names: string, over?: { commonName?: string }) => new X509Certificate(authority.issue(names, over).cert);

  it('is good for its SIP domains and addresses, whole and without regard to case', () => {
    const names = 'URI:sip:Example.com,URI:sip:example.info,DNS:sip.example.net,IP:192.0.2.1,IP:2001:db8::1';
    const certificate = of(`${names},URI:sip:bob@example.org,URI:sips:example.edu`);
    const good = ['example.com', 'EXAMPLE.com', 'example.info', '192.0.2.1', '2001:db8::1'];
    for (const name of good) expect(isGoodFor(certificate, name), name).toBe(true);
    const bad = ['sip.example.com', 'example.org', 'bob@example.org', 'example.edu', '192.0.2.2', '', 'peer'];
    for (const name of bad) expect(isGoodFor(certificate, name), name).toBe(false);
    expect(certificateName(certificate)).toBe('example.com');
    // DNS names count where no SIP domain is named.
    expect(isGoodFor(certificate, 'sip.example.net')).toBe(false);
    const named = of('DNS:Sip.example.net,DNS:example.net,URI:sip:bob@example.org');
    for (const name of ['sip.example.net', 'EXAMPLE.NET']) expect(isGoodFor(named, name), name).toBe(true);
    expect(isGoodFor(named, 'a.example.net')).toBe(false);
  });

  it('is not good for a pattern or for its common name', () => {
    const certificate = of('DNS:*.example.com', { commonName: 'example.net' });
    expect(isGoodFor(certificate, 'sip.example.com')).toBe(false);
    expect(isGoodFor(certificate, 'example.net')).toBe(false);
    expect(isGoodFor(certificate, 'sip.example.com', true)).toBe(true);
    expect(isGoodFor(certificate, 'a.sip.example.com', true)).toBe(false);
    expect(isGoodFor(of('', { commonName: 'example.net' }), 'example.net')).toBe(false);
    expect(certificateName(certificate)).toBeUndefined();
    expect(certificateName(of('DNS:a.example.net', { commonName: 'b' }))).toBe('a.example.net');
  });

  it('is not taken in by a name with a comma in it', () => {
    const certificate = of('@names\n[names]\nURI.1=sip:evil.example, URI:sip:example.com');
    expect(certificate.subjectAltName).toContain('URI:sip:example.com');
    expect(isGoodFor(certificate, 'example.com')).toBe(false);
  });

  it('has a fingerprint that may be written in several ways', () => {
    const print = certificateFingerprint(new X509Certificate(ours.cert));
    expect(print).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    expect(sameFingerprint(print, print.toLowerCase().replaceAll(':', ''))).toBe(true);
    expect(
      sameFingerprint(
        print,
        print.replace(/^./, (first) => (first === '0' ? '1' : '0')),
      ),
    ).toBe(false);
  });
});

describe('peers that come', () => {
  it('are read and answered', async () => {
    const desk = await transportDesk([secure]);
    const peer = await StreamPeer.connectTls(desk.at('tls'), {});
    peer.write(requestBytes({ via: 'SIP/2.0/TLS phone.example;branch=z9hG4bK1' }));
    const { request: came, flow } = await desk.requests.next();
    expect(flow).toMatchObject({ transport: 'tls', remote: peer.local, peerName: undefined });
    await desk.transports.send(newResponse(came, 200), responseTarget(came, flow));
    expect(await peer.message()).toMatchObject({ status: 200 });
  });

  it('have the name that their certificate proves', async () => {
    const desk = await transportDesk([secure]);
    const known = await StreamPeer.connectTls(desk.at('tls'), carrier);
    known.write(requestBytes());
    expect((await desk.requests.next()).flow.peerName).toBe('carrier.example');
    const unknown = await StreamPeer.connectTls(desk.at('tls'), stranger.issue('DNS:carrier.example'));
    unknown.write(requestBytes());
    expect((await desk.requests.next()).flow.peerName).toBeUndefined();
  });

  it('of old versions of TLS are refused', async () => {
    const desk = await transportDesk([secure]);
    const old = StreamPeer.connectTls(desk.at('tls'), {
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'ALL:@SECLEVEL=0',
    });
    await expect(old).rejects.toThrow();
    const peer = await StreamPeer.connectTls(desk.at('tls'), {});
    peer.write(requestBytes());
    await desk.requests.next();
  });

  it('that talk no TLS are let go', async () => {
    const desk = await transportDesk([secure]);
    const peer = await StreamPeer.connect(desk.at('tls'));
    peer.write(requestBytes());
    await peer.closed;
    expect(desk.requests.all).toHaveLength(0);
  });
});

describe('peers that we connect to', () => {
  const serverOf = (certificate: { key: string; cert: string }, more = {}) =>
    StreamServer.open('127.0.0.1', 0, { ...certificate, ...more });

  it('must show a certificate good for the name that was looked up', async () => {
    const desk = await transportDesk([secure], { tls: trusting });
    const { address } = await serverOf(carrier);
    const flow = await desk.transports.send(request(), target(address, { serverName: 'carrier.example' }));
    expect(flow).toMatchObject({ transport: 'tls', peerName: 'carrier.example' });
    const wrong = desk.transports.send(request(), target(address, { serverName: 'other.example' }));
    await expect(wrong).rejects.toMatchObject({
      code: 'certificate',
      message: expect.stringMatching(/not good for other/),
    });
  });

  it('must show one good for the address when there is no name', async () => {
    const desk = await transportDesk([], { tls: trusting });
    const good = await serverOf(ours);
    await desk.transports.send(request(), target(good.address));
    const bad = await serverOf(carrier);
    await expect(desk.transports.send(request(), target(bad.address))).rejects.toMatchObject({ code: 'certificate' });
  });

  it('are sent nothing before that', async () => {
    const desk = await transportDesk([], { tls: trusting });
    const server = await serverOf(stranger.issue('DNS:carrier.example'));
    const sent = desk.transports.send(request(), target(server.address, { serverName: 'carrier.example' }));
    await expect(sent).rejects.toMatchObject({
      code: 'certificate',
      message: expect.stringMatching(/not to be trusted/),
    });
    await server.gone.next();
    expect(server.accepted.all.map((peer) => peer.text).join('')).toBe('');
  });

  it('may show a pattern where that is allowed', async () => {
    const server = await serverOf(authority.issue('DNS:*.carrier.example'));
    const to = target(server.address, { serverName: 'a.carrier.example' });
    const strict = await transportDesk([], { tls: trusting });
    await expect(strict.transports.send(request(), to)).rejects.toMatchObject({ code: 'certificate' });
    const lenient = await transportDesk([], { tls: { ...trusting, wildcards: true } });
    await lenient.transports.send(request(), to);
  });

  it('may show the one that was agreed on, and no other', async () => {
    const desk = await transportDesk([], { tls: trusting });
    const alone = selfSigned('DNS:somewhere.example');
    const server = await serverOf(alone);
    const fingerprint = new X509Certificate(alone.cert).fingerprint256;
    const flow = await desk.transports.send(request(), target(server.address, { fingerprint }));
    expect(await desk.transports.send(request(), target(server.address, { fingerprint }))).toBe(flow);
    const other = await serverOf(selfSigned('DNS:somewhere.example'));
    const refused = desk.transports.send(
      request(),
      target(other.address, { fingerprint, serverName: 'somewhere.example' }),
    );
    await expect(refused).rejects.toMatchObject({
      code: 'certificate',
      message: expect.stringMatching(/another certificate/),
    });
    // One that is agreed on need not be one we trust otherwise.
    await expect(
      desk.transports.send(request(), target(server.address, { serverName: 'somewhere.example' })),
    ).rejects.toMatchObject({ code: 'certificate' });
  });

  it('see our certificate when they ask, and the offer to use the connection both ways', async () => {
    const desk = await transportDesk([secure], { tls: { ...trusting, ...ours } });
    const server = await serverOf(carrier, { requestCert: true, rejectUnauthorized: false });
    await desk.transports.send(request(), target(server.address, { serverName: 'carrier.example' }));
    const came = await (await server.accepted.next()).message();
    expect(came.vias[0]?.params.has('alias')).toBe(true);
    const plain = await transportDesk([secure], { tls: trusting });
    await plain.transports.send(request(), target(server.address, { serverName: 'carrier.example' }));
    expect((await (await server.accepted.next()).message()).vias[0]?.params.has('alias')).toBe(false);
  });

  it('are connected to again for another name that they have not proved', async () => {
    const desk = await transportDesk([], { tls: trusting });
    const server = await serverOf(authority.issue('DNS:carrier.example,DNS:a.carrier.example'));
    const to = (serverName: string) => desk.transports.send(request(), target(server.address, { serverName }));
    const [first, second, third] = [
      await to('carrier.example'),
      await to('carrier.example'),
      await to('a.carrier.example'),
    ];
    expect(second.connection).toBe(first.connection);
    expect(third.connection).toBe(first.connection);
    await expect(to('other.example')).rejects.toMatchObject({ code: 'certificate' });
    await server.gone.next();
    expect(desk.transports.connections('tls')).toBe(1);
  });

  it('that do not get on with the handshake are given up', async () => {
    const desk = await transportDesk([], { tls: trusting, limits: { connectMs: 50 } });
    const silent = await StreamServer.open();
    await expect(desk.transports.send(request(), target(silent.address))).rejects.toMatchObject({ code: 'timeout' });
    const rude = await StreamServer.open();
    void rude.accepted.next().then((peer) => peer.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
    await expect(desk.transports.send(request(), target(rude.address))).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('a connection that a peer opened', () => {
  const carrierAt = (port: number) => target({ host: '127.0.0.1', port }, { serverName: 'carrier.example' });

  it('is used for requests to where the peer listens, if it has proved its name and says alias', async () => {
    const desk = await transportDesk([secure], { tls: trusting });
    const peer = await StreamPeer.connectTls(desk.at('tls'), carrier);
    peer.write(requestBytes({ via: 'SIP/2.0/TLS a.carrier.example:1;alias;branch=z9hG4bK1' }));
    const { flow } = await desk.requests.next();
    expect(await desk.transports.send(request({ method: 'NOTIFY' }), carrierAt(1))).toBe(flow);
    expect(await peer.message()).toMatchObject({ method: 'NOTIFY' });
    const other = { ...carrierAt(1), serverName: 'other.example' };
    await expect(desk.transports.send(request(), other)).rejects.toMatchObject({ code: 'unreachable' });
  });

  it('is not for one who has proved nothing, whatever its Via says', async () => {
    const desk = await transportDesk([secure], { tls: trusting });
    for (const certificate of [{}, stranger.issue('DNS:carrier.example')]) {
      const peer = await StreamPeer.connectTls(desk.at('tls'), certificate);
      peer.write(requestBytes({ via: 'SIP/2.0/TLS carrier.example:1;alias;branch=z9hG4bK1' }));
      await desk.requests.next();
      await expect(desk.transports.send(request(), carrierAt(1))).rejects.toMatchObject({ code: 'unreachable' });
      await expect(desk.transports.send(request(), target(peer.local))).rejects.toMatchObject({ code: 'unreachable' });
    }
  });

  it('without alias is not for requests to another port', async () => {
    const desk = await transportDesk([secure], { tls: trusting });
    const peer = await StreamPeer.connectTls(desk.at('tls'), carrier);
    peer.write(requestBytes({ via: 'SIP/2.0/TLS carrier.example:1;branch=z9hG4bK1' }));
    await desk.requests.next();
    await expect(desk.transports.send(request(), carrierAt(1))).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('certificates of our own', () => {
  const make = (over: object) => () => new Transports({ listeners: [], clock: systemClock, ...over });

  it('that cannot be used are named at once', () => {
    const wrong = { ...ours, key: carrier.key };
    const broken = { key: 'no key', cert: 'no certificate' };
    for (const tls of [wrong, broken, { ...ours, ca: 'no certificate' }, undefined]) {
      const listeners = [{ transport: 'tls', host: '127.0.0.1', port: 0, tls }];
      expect(make({ listeners }), JSON.stringify(tls)).toThrow(expect.objectContaining({ code: 'certificate' }));
    }
    for (const tls of [wrong, broken, { ca: 'no certificate' }]) {
      expect(make({ tls }), JSON.stringify(tls)).toThrow(expect.objectContaining({ code: 'certificate' }));
    }
  });

  it('are renewed without ending what is there', async () => {
    const desk = await transportDesk([secure, 'tcp']);
    const [listening, other] = desk.transports.listeners;
    const shown = (peer: StreamPeer) => (peer.socket as TLSSocket).getPeerX509Certificate()?.fingerprint256;
    const before = await StreamPeer.connectTls(desk.at('tls'), {});
    before.write(requestBytes());
    await desk.requests.next();
    const renewed = authority.issue('DNS:pbx.example');
    expect(() => desk.transports.setTls(listening!, { ...renewed, key: ours.key })).toThrow(
      /not that of the certificate/,
    );
    expect(shown(await StreamPeer.connectTls(desk.at('tls'), {}))).toBe(shown(before));
    desk.transports.setTls(listening!, { ...renewed, ca: authority.ca });
    desk.transports.setTls(other!, renewed);
    const after = await StreamPeer.connectTls(desk.at('tls'), carrier);
    expect(shown(after)).toBe(new X509Certificate(renewed.cert).fingerprint256);
    after.write(requestBytes());
    expect((await desk.requests.next()).flow.peerName).toBe('carrier.example');
    before.write(requestBytes());
    await desk.requests.next();
  });
});
