// Mails, against a real SMTP server on a socket of its own.
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SettingsSchema } from '../../daemon/src/config/index.js';
import type { Db } from '../../daemon/src/db/index.js';
import { MailService, mailText, smtpTransport, type MailSettings } from '../../daemon/src/mail/index.js';
import { Metrics, silentLog } from '../../daemon/src/platform/index.js';
import { outcome } from '../support/archive-box.js';
import { FakeClock } from '../support/clock-fake.js';
import { T0 } from '../support/db-rows.js';
import { newAuthority } from '../support/sip-peer-certificates.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { testDatabase } from '../support/test-database.js';

interface Peer {
  port: number;
  received: { from: string; to: string[]; text: string; secure: boolean; user: string }[];
}

async function smtpServer(options: SMTPServerOptions = {}): Promise<Peer> {
  const received: Peer['received'] = [];
  const server = new SMTPServer({
    authOptional: true,
    onAuth: ({ username, password }, _session, done) =>
      password === 'secret' ? done(null, { user: username }) : done(new Error('wrong password')),
    onData(stream, { envelope, secure, user }, done) {
      let text = '';
      stream.on('data', (data: Buffer) => (text += data.toString()));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        const to = envelope.rcptTo.map(({ address }) => address);
        received.push({ from, to, text, secure, user: String(user ?? '') });
        done();
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, received };
}

const settingsOf = (port: number, over: Partial<MailSettings> = {}): MailSettings => ({
  ...SettingsSchema.parse({ mail: { host: '127.0.0.1', port, tls: 'none', from: 'box@example.com' } }).mail,
  ...over,
});

async function service(settings: MailSettings | undefined, over: { db?: Db; clock?: FakeClock } = {}) {
  const { db = await testDatabase(), clock = new FakeClock(T0) } = over;
  const mail = new MailService({
    ...{ db, clock, domain: 'example.com', log: silentLog, metrics: new Metrics() },
    transport: settings === undefined ? undefined : smtpTransport(settings),
  });
  mail.start();
  onTestFinished(() => mail.stop());
  const send = (to = 'li@example.org') =>
    mail.send({ to, text: 'test', language: 'en', values: { box: 'Box', by: 'boss' } });
  const stateOf = async (id: string) => (await db.outgoingMail.find(id))!;
  return { db, clock, mail, send, stateOf };
}

async function untilState(db: Db, id: string, state: string, attempts = 1) {
  for (;;) {
    const row = (await db.outgoingMail.find(id))!;
    if (row.state === state && row.attempts >= attempts) return row;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

describe('a mail', () => {
  it('comes to the server with its text, its attachment and its Message-ID', async () => {
    const peer = await smtpServer();
    const { db, mail } = await service(settingsOf(peer.port));
    const { id } = await mail.send({
      ...{ to: 'li@example.org', text: 'voicemail', language: 'zh-CN' },
      values: { box: '2001', from: '13800138000', length: '0:07', at: '10:00' },
      attachments: [{ name: '留言.wav', type: 'audio/wav', content: Buffer.from('audio').toString('base64') }],
    });
    const sent = await untilState(db, id, 'sent');
    expect(sent).toMatchObject({ attempts: 1, sentAt: T0, attachments: [], lastError: null });
    expect(peer.received).toMatchObject([{ from: 'box@example.com', to: ['li@example.org'], secure: false }]);
    const { text } = peer.received[0]!;
    expect(text).toContain(`Message-ID: <${id.toLowerCase()}@example.com>`);
    expect(text).toContain(Buffer.from('audio').toString('base64'));
    expect(text).toMatch(/^Subject: =\?UTF-8\?/m);
  });

  it('goes over TLS to a server whose certificate is right, with user and secret, and to no other', async () => {
    const authority = newAuthority();
    const { key, cert } = authority.issue('IP:127.0.0.1');
    const caFile = join(temporaryFolder(), 'ca.pem');
    writeFileSync(caFile, authority.ca);
    const peer = await smtpServer({ key, cert, authOptional: false });
    const auth = { username: 'box', password: 'secret' };
    const good = await service(settingsOf(peer.port, { tls: 'starttls', caFile, ...auth }));
    await untilState(good.db, (await good.send()).id, 'sent');
    expect(peer.received).toMatchObject([{ secure: true, user: 'box' }]);

    const stranger = await service(settingsOf(peer.port, { tls: 'starttls', ...auth }));
    const waiting = await untilState(stranger.db, (await stranger.send()).id, 'waiting');
    expect(waiting.lastError).toMatch(/certificate/i);
    const wrong = await service(settingsOf(peer.port, { tls: 'starttls', caFile, username: 'box', password: 'x' }));
    const refused = await untilState(wrong.db, (await wrong.send()).id, 'waiting');
    expect(refused.lastError).toMatch(/login/i);
    expect(refused.lastError).not.toContain('secret');
    const plain = await smtpServer({ disabledCommands: ['STARTTLS'] });
    const open = await service(settingsOf(plain.port, { tls: 'starttls', caFile, ...auth }));
    expect((await untilState(open.db, (await open.send()).id, 'waiting')).lastError).toMatch(/TLS/);
    expect([peer.received.length, plain.received.length]).toEqual([1, 0]);
  });

  it('goes over TLS from the first byte where that is set', async () => {
    const authority = newAuthority();
    const { key, cert } = authority.issue('IP:127.0.0.1');
    const caFile = join(temporaryFolder(), 'ca.pem');
    writeFileSync(caFile, authority.ca);
    const peer = await smtpServer({ key, cert, secure: true });
    const { db, send } = await service(settingsOf(peer.port, { tls: 'tls', caFile }));
    await untilState(db, (await send()).id, 'sent');
    expect(peer.received[0]?.secure).toBe(true);
  });

  it('is tried again later and later while the server is away, and over a restart', async () => {
    let busy = true;
    const peer = await smtpServer({
      onRcptTo: (_address, _session, done) =>
        done(busy ? Object.assign(new Error('greylisted'), { responseCode: 451 }) : null),
    });
    const first = await service(settingsOf(peer.port));
    const { id } = await first.send();
    const row = await untilState(first.db, id, 'waiting');
    expect(row.nextAt).toBe(T0 + 60_000);
    expect(row.lastError).toContain('greylisted');
    await first.mail.stop();
    busy = false;
    // The clock is set back by a year over the restart: the mail does not wait for it.
    const again = await service(settingsOf(peer.port), { db: first.db, clock: new FakeClock(T0 - 365 * 86_400_000) });
    expect(await untilState(again.db, id, 'sent', 2)).toMatchObject({ attempts: 2 });
    expect(peer.received).toHaveLength(1);
  });

  it('is given up when the server does not want it, and can be tried again by hand', async () => {
    let known = false;
    const peer = await smtpServer({
      onRcptTo: (_address, _session, done) =>
        done(known ? null : Object.assign(new Error('no such user'), { responseCode: 550 })),
    });
    const { db, mail, send } = await service(settingsOf(peer.port));
    const { id } = await send();
    expect((await untilState(db, id, 'dead')).lastError).toContain('no such user');
    known = true;
    await mail.retry(id);
    await untilState(db, id, 'sent');
    expect(await outcome(mail.retry(id))).toBe('mail_not_found');
  });

  it('is given up after four days', async () => {
    const peer = await smtpServer({
      onRcptTo: (_address, _session, done) => done(Object.assign(new Error('later'), { responseCode: 451 })),
    });
    const first = await service(settingsOf(peer.port));
    const { id } = await first.send();
    await untilState(first.db, id, 'waiting');
    await first.mail.stop();
    const clock = new FakeClock(T0 + 4 * 86_400_000);
    const late = await service(settingsOf(peer.port), { db: first.db, clock });
    await untilState(late.db, id, 'dead', 2);
  });

  it('waits while no server is set', async () => {
    const { send, stateOf, mail } = await service(undefined);
    const { id } = await send();
    expect(await stateOf(id)).toMatchObject({ state: 'waiting', attempts: 0 });
    expect(mail.ready).toBe(false);
  });
});

it('no value of a mail makes a line of its head', () => {
  const { subject, text } = mailText('alarm', 'en', {
    box: 'B',
    what: 'x\r\nBcc: all@example.com',
    detail: '{at}',
    at: '1',
  });
  expect(subject).toBe('B: x Bcc: all@example.com');
  expect(text).toContain('{at}');
});
