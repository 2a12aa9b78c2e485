// Mails wait in a table until the server has taken them, over restarts; each keeps its Message-ID, so that one that was taken
// just before a crash and is sent again is known for the same.
import type { Language, OutgoingMail } from '../contract/index.js';
import type { Db, MailAttachment, OutgoingMailRow, Writes } from '../db/index.js';
import { AppError, errorText, newUlid, type Clock, type Log, type Metrics, type Timer } from '../platform/index.js';
import { mailText, type MailText } from './texts.js';
import type { MailTransport } from './transport.js';

export interface MailServiceOptions {
  db: Db;
  /** undefined: no server is set; mails wait for one. Asked for at each mail. */
  readonly transport: MailTransport | undefined;
  /** of the Message-ID */
  domain: string;
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

export interface MailRequest {
  to: string;
  text: MailText;
  language: Language;
  values: Readonly<Record<string, string>>;
  attachments?: readonly MailAttachment[];
  /** written with the mail */
  also?: ((tx: Writes, id: string) => Promise<void>) | undefined;
}

const FIRST_RETRY_MS = 60_000;
const LONGEST_RETRY_MS = 4 * 3_600_000;
/** RFC 5321 4.5.4.1 asks for four to five days */
const GIVE_UP_MS = 4 * 86_400_000;
const LOOK_EVERY_MS = 300_000;
const AT_ONCE = 20;

export class MailService {
  readonly #options: MailServiceOptions;
  #timer: Timer | undefined;
  #sending: Promise<void> | undefined;
  #again = false;
  #stopped = true;

  constructor(options: MailServiceOptions) {
    this.#options = options;
    options.metrics.counter('mails_sent_total', 'Mails that the server has taken');
    options.metrics.counter('mails_failed_total', 'Attempts to send a mail that failed');
  }

  /** Somebody takes mails. */
  get ready(): boolean {
    return this.#options.transport !== undefined;
  }

  start(): void {
    this.#stopped = false;
    this.#kick();
  }

  /** There may be another server now. */
  look(): void {
    this.#kick();
  }

  /** Waits for the mail that is on the wire. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    await this.#sending;
  }

  /** Resolves when it is on the disk, to be sent soon. */
  async send(request: MailRequest): Promise<OutgoingMail> {
    const { to, attachments, also } = request;
    return this.sendText({ to, attachments, also, ...mailText(request.text, request.language, request.values) });
  }

  /** The same with what was written elsewhere; a subject is one line. */
  async sendText(
    request: Pick<MailRequest, 'to' | 'also'> & {
      subject: string;
      text: string;
      attachments?: readonly MailAttachment[] | undefined;
    },
  ): Promise<OutgoingMail> {
    const { db, clock, domain } = this.#options;
    const id = newUlid();
    const createdAt = clock.wallMs();
    const row: OutgoingMailRow = {
      ...{ id, state: 'waiting', to: request.to, createdAt, attempts: 0, nextAt: createdAt },
      ...{ subject: request.subject, text: request.text },
      attachments: [...(request.attachments ?? [])],
      messageId: `<${id.toLowerCase()}@${domain}>`,
      ...{ sentAt: null, lastError: null },
    };
    await db.write(async (tx) => {
      await tx.outgoingMail.insert(row);
      await request.also?.(tx, id);
    });
    this.#kick();
    return toMail(row);
  }

  /** Tries one again now that has been given up, or waits. AppError mail_not_found. */
  async retry(id: string): Promise<OutgoingMail> {
    const nextAt = this.#options.clock.wallMs();
    const row = await this.#options.db.write(async (tx) => {
      const found = await tx.outgoingMail.find(id);
      if (found === null || found.state === 'sent') return null;
      // It is as young as one that comes now.
      await tx.outgoingMail.update(id, { state: 'waiting', nextAt, createdAt: nextAt, attempts: 0 });
      return tx.outgoingMail.find(id);
    });
    if (row === null) throw new AppError('mail_not_found', { id });
    this.#kick();
    return toMail(row);
  }

  #kick(): void {
    if (this.#stopped || this.#options.transport === undefined) return;
    if (this.#sending !== undefined) {
      this.#again = true;
      return;
    }
    this.#timer?.cancel();
    this.#sending = this.#sendDue()
      .catch((error: unknown) => this.#options.log.error({ err: error }, `mail: ${errorText(error)}`))
      .finally(() => {
        this.#sending = undefined;
        if (this.#again) {
          this.#again = false;
          this.#kick();
        } else if (!this.#stopped) this.#timer = this.#options.clock.after(LOOK_EVERY_MS, () => this.#kick());
      });
    // What is due before the next look has a timer of its own.
    void this.#sending.then(() => this.#nextDue());
  }

  async #nextDue(): Promise<void> {
    const { db, clock } = this.#options;
    const next = await db.outgoingMail.nextAt().catch(() => null);
    if (next === null || this.#stopped || this.#sending !== undefined) return;
    this.#timer?.cancel();
    const delayMs = Math.min(LOOK_EVERY_MS, Math.max(1000, next - clock.wallMs()));
    this.#timer = clock.after(delayMs, () => this.#kick());
  }

  async #sendDue(): Promise<void> {
    const { db, clock } = this.#options;
    for (;;) {
      const due = await db.outgoingMail.due(clock.wallMs(), AT_ONCE);
      for (const mail of due) {
        if (this.#stopped) return;
        await this.#sendOne(mail);
      }
      if (due.length < AT_ONCE) return;
    }
  }

  async #sendOne(mail: OutgoingMailRow): Promise<void> {
    const { db, clock, log, metrics, transport } = this.#options;
    if (transport === undefined) return;
    const outcome = await transport(mail);
    const now = clock.wallMs();
    const attempts = mail.attempts + 1;
    if (outcome.kind === 'sent') {
      metrics.counter('mails_sent_total', '').inc();
      // The audio of a message need not lie here any longer.
      await db.write(
        (tx) =>
          tx.outgoingMail.update(mail.id, { state: 'sent', sentAt: now, attempts, attachments: [], lastError: null }),
        { lockWaitMs: Infinity },
      );
      return;
    }
    metrics.counter('mails_failed_total', '').inc();
    const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** mail.attempts);
    const dead = outcome.kind === 'never' || now + waitMs - mail.createdAt > GIVE_UP_MS;
    log[dead ? 'error' : 'warn'](
      { mail: mail.id, attempts, reason: outcome.reason },
      dead ? 'a mail is given up' : 'a mail waits',
    );
    await db.write(
      (tx) =>
        tx.outgoingMail.update(mail.id, {
          ...{ state: dead ? 'dead' : 'waiting', attempts, nextAt: now + waitMs, lastError: outcome.reason },
        }),
      { lockWaitMs: Infinity },
    );
  }
}

export function toMail(row: Omit<OutgoingMailRow, 'attachments' | 'text' | 'messageId'>): OutgoingMail {
  const { id, state, to, subject, createdAt, attempts, nextAt, sentAt, lastError } = row;
  return { id, state, to, subject, createdAt, attempts, nextAt, sentAt, lastError };
}
