// Puts it all together: one HTTP server for the API, the pages and /metrics; realtime/ adds its socket to the same server.
import { createServer, type Server } from 'node:http';
import { createServer as createSecureServer, type Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import Koa from 'koa';
import { Secrets, type Numbering, type Settings } from '../config/index.js';
import type { Language } from '../contract/index.js';
import type { Db } from '../db/index.js';
import { silentLog, systemClock, type Clock, type Log, type Metrics } from '../platform/index.js';
import { AttemptLimit } from './auth/attempt-limit.js';
import { passwordHashing, type Passwords } from './auth/passwords.js';
import { SecondFactor } from './auth/second-factor.js';
import { Sessions } from './auth/sessions.js';
import { Setup } from './auth/setup.js';
import type { HttpContext } from './context.js';
import { engineMetrics, metricsRoute } from './metrics-route.js';
import { errorMiddleware } from './middleware/errors.js';
import { securityHeaders } from './middleware/headers.js';
import { hostMiddleware, type HostRule } from './middleware/hosts.js';
import { originMiddleware } from './middleware/origin.js';
import { staticFiles } from './middleware/static-files.js';
import { openApiDocument } from './openapi.js';
import type { Ports } from './ports.js';
import { servePageSockets } from './page-sockets.js';
import { provisioning } from './provisioning.js';
import { openRoute, type Route } from './route.js';
import { apiRouter } from './router.js';
import { allRoutes } from './routes/index.js';

export interface HttpOptions {
  host: string;
  /** 0: any free one */
  port: number;
  /** of HTTPS; undefined: none */
  tlsPort?: number | undefined;
  tls?: HttpTls | undefined;
  allowedHosts: readonly string[];
  sessionMs: number;
  language: Language;
  /** what telephones are told; ports as they are listened on */
  sip: Settings['sip'];
  numbering: Numbering;
  version: string;
  recordingsFolder: string;
  setupCodeFile: string;
  localTokenFile: string;
  /** the built pages; undefined or not there: API alone */
  pagesFolder?: string | undefined;
  db: Db;
  ports: Ports;
  metrics: Metrics;
  log?: Log | undefined;
  clock?: Clock | undefined;
  /** for tests: hashing that takes no time */
  passwords?: Passwords | undefined;
}

export interface HttpTls {
  current(): { key: string; cert: string };
  /** Tells of each one that takes the place of the last; gives what ends that. */
  onChanged(listener: (pair: { key: string; cert: string }) => void): () => void;
  /** What an authority that asks for this path is answered; undefined: it is none of these. */
  challenge(path: string): string | undefined;
}

export interface HttpServer {
  /** for socket.io to attach to */
  readonly server: Server;
  readonly sessions: Sessions;
  readonly hostRule: HostRule;
  readonly routes: readonly Route[];
  /** Makes set-up code and local token, then listens. Rejects when the address is taken. */
  start(): Promise<{ host: string; port: number; tlsPort: number | undefined }>;
  /** Takes no more requests, lets those in progress end for 2 s; idempotent. */
  stop(): Promise<void>;
  /** while there is no administrator */
  readonly setupCode: string | undefined;
}

const STOP_GRACE_MS = 2000;

export function createHttpServer(options: HttpOptions): HttpServer {
  const log = (options.log ?? silentLog).child({ part: 'http' });
  const clock = options.clock ?? systemClock;
  const { db, metrics, ports } = options;
  const passwords = options.passwords ?? passwordHashing();
  const sessions = new Sessions({ ...options, clock, log });
  const setup = new Setup({ db, clock, passwords, setupCodeFile: options.setupCodeFile });
  const accessKeyFile = join(dirname(options.localTokenFile), 'keys/access.key');
  const secondFactor = new SecondFactor({ db, clock, secrets: new Secrets(accessKeyFile) });
  const context: HttpContext = {
    db,
    clock,
    log,
    metrics,
    ports,
    sessions,
    passwords,
    setup,
    attempts: new AttemptLimit({ clock }),
    secondFactor,
    version: options.version,
    startedAtMs: clock.wallMs(),
    recordingsFolder: options.recordingsFolder,
    defaultLanguage: options.language,
    sip: options.sip,
    numbering: options.numbering,
  };
  const routes = withDocument(allRoutes(context), options.version);
  engineMetrics(metrics, ports.engine);

  const hostRule: HostRule = { listenHost: options.host, allowedHosts: options.allowedHosts };
  const app = new Koa();
  app.silent = true;
  app.use(timing(metrics));
  // An authority asks by the name that it is to certify, whatever names are allowed.
  if (options.tls !== undefined) app.use(challenges(options.tls));
  app.use(securityHeaders());
  app.use(errorMiddleware(log, options.language));
  app.use(hostMiddleware(hostRule));
  app.use(provisioning((request) => ports.phones.answer(request)));
  app.use(originMiddleware(hostRule));
  app.use(metricsRoute(metrics, sessions));
  app.use(apiRouter({ routes, sessions, log, defaultLanguage: options.language }));
  if (options.pagesFolder !== undefined) app.use(staticFiles(options.pagesFolder));
  app.use(notFound);
  app.on('error', (error: unknown) => log.debug({ err: error }, 'a connection broke'));

  // Slow senders are cut off before they hold many connections.
  const handle = app.callback();
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 10_000 },
    (req, res) => {
      void handle(req, res);
    },
  );
  server.maxConnections = 2000;
  const pageSockets = servePageSockets({ server, hostRule, phones: ports.webPhones, clock });
  const { tls, tlsPort } = options;
  let secure: SecureServer | undefined;
  try {
    if (tls !== undefined && tlsPort !== undefined) secure = secureServer(server, tls, log);
  } catch (error) {
    // The pages by HTTP are there to mend it.
    log.error({ err: error }, 'there is no HTTPS: the certificate cannot be used');
  }

  let stopping: Promise<void> | undefined;
  return {
    server,
    sessions,
    hostRule,
    routes,
    get setupCode() {
      return setup.code;
    },
    async start() {
      await setup.start();
      sessions.start();
      await listen(server, options.port, options.host);
      server.on('error', (error) => log.error({ err: error }, 'the HTTP server failed'));
      const { address, port } = server.address() as AddressInfo;
      log.info({ host: address, port }, `listening on http://${options.host}:${port}`);
      if (secure !== undefined) await listen(secure, tlsPort ?? 0, options.host);
      const securePort = (secure?.address() as AddressInfo | undefined)?.port;
      return { host: address, port, tlsPort: securePort };
    },
    stop: () => {
      pageSockets.stop();
      return (stopping ??= Promise.all([stop(server, sessions, clock), endSecure(secure)]).then(() => undefined));
    },
  };
}

async function stop(server: Server, sessions: Sessions, clock: Clock): Promise<void> {
  sessions.stop();
  if (!server.listening) return;
  await new Promise<void>((resolve) => {
    const timer = clock.after(STOP_GRACE_MS, () => server.closeAllConnections());
    server.close(() => {
      timer.cancel();
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** Rejects when the address is taken. */
function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** What arrives by HTTPS goes the way of all else: requests, and upgrades of sockets. */
function secureServer(server: Server, tls: HttpTls, log: Log): SecureServer {
  const secure = createSecureServer({
    ...tls.current(),
    ...{ minVersion: 'TLSv1.2', headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 10_000 },
    handshakeTimeout: 10_000,
  });
  secure.on('request', (request, answer) => void server.emit('request', request, answer));
  secure.on('upgrade', (request, socket, head) => void server.emit('upgrade', request, socket, head));
  secure.maxConnections = 2000;
  const off = tls.onChanged(({ key, cert }) => secure.setSecureContext({ key, cert, minVersion: 'TLSv1.2' }));
  secure.on('close', off);
  secure.on('error', (error) => log.error({ err: error }, 'the HTTPS server failed'));
  return secure;
}

function endSecure(secure: SecureServer | undefined): Promise<void> {
  if (secure?.listening !== true) return Promise.resolve();
  return new Promise((resolve) => {
    secure.close(() => resolve());
    secure.closeAllConnections();
  });
}

function challenges(tls: HttpTls): Koa.Middleware {
  return async (ctx, next) => {
    const text = tls.challenge(ctx.path);
    if (text === undefined && !ctx.path.startsWith('/.well-known/acme-challenge/')) return next();
    ctx.type = 'text/plain';
    if (text === undefined) {
      ctx.status = 404;
      return;
    }
    ctx.body = text;
  };
}

/** The document describes itself, too. */
function withDocument(routes: Route[], version: string): Route[] {
  let document: object | undefined;
  const all: Route[] = [...routes];
  all.push(
    openRoute({
      method: 'get',
      path: '/openapi.json',
      summary: 'This document',
      tag: 'System',
      replyType: 'application/json',
      handle: (): string => JSON.stringify((document ??= openApiDocument(all, version))),
    }),
  );
  return all;
}

function timing(metrics: Metrics): Koa.Middleware {
  const seconds = metrics.histogram(
    'http_request_seconds',
    'Time to answer a request',
    [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5],
    ['method', 'status'],
  );
  return async (ctx, next) => {
    const end = seconds.startTimer();
    await next();
    end({ method: ctx.method.slice(0, 10), status: `${Math.floor(ctx.status / 100)}xx` });
  };
}

const notFound: Koa.Middleware = (ctx) => {
  ctx.status = 404;
  ctx.type = 'text/plain; charset=utf-8';
  ctx.body = ctx.path === '/' ? 'The pages are not built; the API is under /api/v1.\n' : 'Not found\n';
};
