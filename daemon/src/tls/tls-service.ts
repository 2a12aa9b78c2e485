// The box's certificate: its own from the first start, one that is uploaded, or one that an authority gives and that is renewed by the clock.
// Whoever shows it is told when it is another one; nothing is restarted for it.
import { X509Certificate, createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { z } from 'zod';
import { certificateRequest, putTlsFiles, selfSigned, tlsFiles, writeWhole, type TlsFiles } from '../config/index.js';
import { AcmePlan, TlsSource, type Language, type TlsState, type TlsUpload } from '../contract/index.js';
import { AppError, errorText, isAppError, type Clock, type Log, type Timer } from '../platform/index.js';
import { AcmeClient } from './acme-client.js';
import { checkCertificate, issuerOf, namesOf } from './check-certificate.js';

export interface TlsServiceOptions {
  /** <home>/tls */
  folder: string;
  /** of its own certificate; the first is its subject */
  names: readonly [string, ...string[]];
  /** by which the box is reached, as far as it is known */
  wanted: () => readonly string[];
  /** that the pages are at: a challenge that arrives there is answered there */
  httpPort: () => number | undefined;
  clock: Clock;
  log: Log;
}

export interface TlsPorts {
  https: number | undefined;
  sip: number | undefined;
}

const InBoth = z.strictObject({ en: z.string(), zh: z.string() });
const Plan = z.strictObject({
  source: TlsSource,
  acme: AcmePlan.nullable().default(null),
  last: z.strictObject({ at: z.number(), ok: z.boolean(), problem: InBoth }).nullable().default(null),
  failures: z.int().default(0),
  nextAt: z.number().nullable().default(null),
});
type Plan = z.infer<typeof Plan>;

const DAY_MS = 86_400_000;
const LOOK_MS = 60_000;
const HOUR_MS = 3_600_000;
const LIFE_DAYS = 3650;
const CHALLENGE = '/.well-known/acme-challenge/';

export class TlsService {
  readonly #options: TlsServiceOptions;
  readonly #listeners = new Set<(files: TlsFiles) => void>();
  /** token → what is answered */
  readonly #challenges = new Map<string, string>();
  readonly #ended = new AbortController();
  #plan: Plan;
  #timer: Timer | undefined;
  #ordering: Promise<void> | undefined;
  #current: TlsFiles | undefined;

  /** Throws when the plan cannot be read. */
  constructor(options: TlsServiceOptions) {
    this.#options = options;
    this.#plan = existsSync(this.#planFile)
      ? Plan.parse(JSON.parse(readFileSync(this.#planFile, 'utf8')))
      : Plan.parse({ source: 'own' });
  }

  /** Key and certificate in force; made when there are none. tls_incomplete, tls_unreadable */
  current(): TlsFiles {
    const { folder, names, clock } = this.#options;
    return (this.#current ??= tlsFiles(folder, names, clock.wallMs()));
  }

  /** Called with each one that takes the place of the last. */
  onChanged(listener: (files: TlsFiles) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    this.#look();
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#ended.abort(new Error('the box stops'));
    await this.#ordering?.catch(() => undefined);
  }

  /** When it ends, ms since 1970; undefined: it cannot be read. */
  get endsAt(): number | undefined {
    try {
      return this.current().notAfter;
    } catch {
      return undefined;
    }
  }

  /** What an authority is answered at /.well-known/acme-challenge/<token>; undefined: that is none of ours. */
  challenge(path: string): string | undefined {
    return path.startsWith(CHALLENGE) ? this.#challenges.get(path.slice(CHALLENGE.length)) : undefined;
  }

  /** tls_incomplete, tls_unreadable */
  state(language: Language, ports: TlsPorts): TlsState {
    const files = this.current();
    const certificate = new X509Certificate(files.cert);
    const { source, acme, last, nextAt } = this.#plan;
    return {
      ...{ source, acme, ordering: this.#ordering !== undefined },
      names: namesOf(certificate),
      issuer: issuerOf(certificate),
      notBefore: Date.parse(certificate.validFrom),
      notAfter: files.notAfter,
      fingerprint: files.fingerprint,
      httpsPort: ports.https ?? null,
      sipPort: ports.sip ?? null,
      last: last === null ? null : { ...last, problem: language === 'en' ? last.problem.en : last.problem.zh },
      nextAt: acme === null ? null : Math.max(nextAt ?? 0, this.#renewAt()),
    };
  }

  /** As checkCertificate; nothing has changed then. */
  upload(given: TlsUpload): void {
    const { wanted, clock } = this.#options;
    const checked = checkCertificate(given, wanted(), clock.wallMs());
    this.#take(checked);
    this.#keep({ source: 'uploaded', acme: null, last: null, failures: 0, nextAt: null });
  }

  /** Another one of its own. */
  makeOwn(): void {
    const { names, clock } = this.#options;
    const now = clock.wallMs();
    this.#take(selfSigned({ names, notBefore: now - DAY_MS, notAfter: now + LIFE_DAYS * DAY_MS }));
    this.#keep({ source: 'own', acme: null, last: null, failures: 0, nextAt: null });
  }

  /** Asks the authority at once; is kept, and asked again and again, when it has given one. As AcmeClient, tls_busy, tls_acme_port */
  async setAcme(plan: AcmePlan): Promise<void> {
    await this.#order(plan);
    this.#keep({ source: 'acme', acme: plan, ...this.#done() });
  }

  /** The certificate stays until it ends. */
  endAcme(): void {
    this.#keep({ ...this.#plan, source: 'uploaded', acme: null, nextAt: null });
  }

  /** Asks for another one at once. tls_acme_none, as setAcme */
  async renew(): Promise<void> {
    const { acme } = this.#plan;
    if (acme === null) throw new AppError('tls_acme_none');
    try {
      await this.#order(acme);
      this.#keep({ ...this.#plan, ...this.#done() });
    } catch (error) {
      if (!isAppError(error, 'tls_busy')) this.#failed(error);
      throw error;
    }
  }

  /** When a third of its life is left. */
  #renewAt(): number {
    const { cert, notAfter } = this.current();
    return notAfter - (notAfter - Date.parse(new X509Certificate(cert).validFrom)) / 3;
  }

  #look(): void {
    const { clock, log } = this.#options;
    this.#timer = clock.after(LOOK_MS, () => this.#look());
    const { acme, nextAt } = this.#plan;
    const now = clock.wallMs();
    if (acme === null || this.#ordering !== undefined || (nextAt !== null && now < nextAt) || now < this.#renewAt())
      return;
    this.renew().catch((error: unknown) => log.warn({ err: error }, 'the certificate was not renewed'));
  }

  #done(): Pick<Plan, 'last' | 'failures' | 'nextAt'> {
    return {
      last: { at: this.#options.clock.wallMs(), ok: true, problem: { en: '', zh: '' } },
      failures: 0,
      nextAt: null,
    };
  }

  /** Tried again after an hour, two, four and so on up to a day: authorities count. */
  #failed(error: unknown): void {
    if (this.#ended.signal.aborted) return;
    const at = this.#options.clock.wallMs();
    const failures = this.#plan.failures + 1;
    const problem = isAppError(error)
      ? { en: error.text('en'), zh: error.text('zh-CN') }
      : { en: errorText(error), zh: errorText(error) };
    const nextAt = at + Math.min(DAY_MS, HOUR_MS * 2 ** Math.min(failures - 1, 5));
    this.#keep({ ...this.#plan, last: { at, ok: false, problem }, failures, nextAt });
  }

  #order(plan: AcmePlan): Promise<void> {
    if (this.#ordering !== undefined) return Promise.reject(new AppError('tls_busy'));
    const ordering = this.#orderOne(plan).finally(() => (this.#ordering = undefined));
    this.#ordering = ordering;
    return ordering;
  }

  async #orderOne({ directory, email, names, challengePort, authority }: AcmePlan): Promise<void> {
    const { clock, log } = this.#options;
    const server = await this.#listen(challengePort);
    try {
      const wanted = names as [string, ...string[]];
      const { key, der } = certificateRequest(wanted);
      const client = new AcmeClient({
        ...{ directory, email, authority, accountKey: this.#accountKey(), clock, signal: this.#ended.signal },
      });
      const answer = (token: string, text: string): void => void this.#challenges.set(token, text);
      const cert = await client.order({ names: wanted, request: der, answer });
      // An authority may err, too: what it gives is looked at like anything else.
      this.#take(checkCertificate({ key, cert }, wanted, clock.wallMs()));
      log.info({ names, directory }, 'an authority has given a certificate');
    } finally {
      this.#challenges.clear();
      server?.close();
      server?.closeAllConnections();
    }
  }

  /** undefined: the pages are there, which answer. tls_acme_port */
  #listen(port: number): Promise<Server | undefined> {
    if (port === this.#options.httpPort()) return Promise.resolve(undefined);
    const server = createServer({ headersTimeout: 5000, requestTimeout: 5000 }, (request, answer) => {
      const text = this.challenge(request.url ?? '');
      answer.writeHead(text === undefined ? 404 : 200, { 'Content-Type': 'text/plain', Connection: 'close' });
      answer.end(text);
    });
    server.maxConnections = 50;
    return new Promise((resolve, reject) => {
      server.once('error', (error) =>
        reject(new AppError('tls_acme_port', { port, reason: errorText(error) }, { cause: error })),
      );
      server.listen(port, () => resolve(server));
    });
  }

  #accountKey(): ReturnType<typeof createPrivateKey> {
    const file = join(this.#options.folder, 'acme-account.pem');
    if (!existsSync(file)) {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
      writeWhole(file, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
    }
    return createPrivateKey(readFileSync(file));
  }

  #take(pair: { key: string; cert: string }): void {
    const { folder, names, clock, log } = this.#options;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    putTlsFiles(folder, pair);
    this.#current = tlsFiles(folder, names, clock.wallMs());
    for (const listener of this.#listeners) {
      try {
        listener(this.#current);
      } catch (error) {
        log.error({ err: error }, 'a new certificate was not taken');
      }
    }
  }

  #keep(plan: Plan): void {
    this.#plan = plan;
    mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
    writeWhole(this.#planFile, JSON.stringify(plan));
  }

  get #planFile(): string {
    return join(this.#options.folder, 'plan.json');
  }
}
