// One mail to the server of the settings (RFC 5321), over TLS as the settings ask for it.
import { readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import type { Settings } from '../config/index.js';
import type { OutgoingMailRow } from '../db/index.js';
import { errorText } from '../platform/index.js';

export type MailSettings = Settings['mail'];

/** sent; later: it may work another time; never: the server does not want it. */
export type MailOutcome = { kind: 'sent' } | { kind: 'later' | 'never'; reason: string };

export type MailTransport = (mail: OutgoingMailRow) => Promise<MailOutcome>;

const CONNECT_MS = 15_000;
const SOCKET_MS = 60_000;

/** The server as the settings have it now; undefined: there is none. */
export function mailServerOf(settings: () => MailSettings): () => MailTransport | undefined {
  let made: { of: string; transport: MailTransport | undefined } | undefined;
  return () => {
    const now = settings();
    const of = JSON.stringify(now);
    if (made?.of !== of) made = { of, transport: now.host === '' ? undefined : smtpTransport(now) };
    return made.transport;
  };
}

/** Never rejects. */
export function smtpTransport(settings: MailSettings): MailTransport {
  const { host, port, tls, username, password, from, caFile } = settings;
  const transport = createTransport({
    host,
    port,
    secure: tls === 'tls',
    // With starttls a server that offers none is refused: the secret does not go over a plain line.
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(username === '' ? {} : { auth: { user: username, pass: password } }),
    ...(tls === 'none' ? {} : { tls: caFile === undefined ? {} : { ca: readFileSync(caFile) } }),
    ...{ connectionTimeout: CONNECT_MS, greetingTimeout: CONNECT_MS, socketTimeout: SOCKET_MS },
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  return async ({ to, subject, text, attachments, messageId, createdAt }) => {
    try {
      await transport.sendMail({
        ...{ from, to, subject, text, messageId, date: new Date(createdAt) },
        attachments: attachments.map(({ name, type, content }) => ({
          ...{ filename: name, contentType: type, content, encoding: 'base64' },
        })),
      });
      return { kind: 'sent' };
    } catch (error) {
      return { kind: isFinal(error) ? 'never' : 'later', reason: errorText(error).slice(0, 500) };
    }
  };
}

/**
 * RFC 5321 4.2.1: 5xx is final for this mail; but a refusal of ourselves (no TLS, a wrong secret) is a matter of the settings, which
 * somebody puts right.
 */
function isFinal(error: unknown): boolean {
  const { responseCode, code } = error as { responseCode?: number; code?: string };
  return responseCode !== undefined && responseCode >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE');
}
