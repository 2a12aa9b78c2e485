// Puts it all together: one HTTP server for the API, the pages and /metrics; realtime/ adds its socket to the same server.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import Koa from 'koa';
import type { Numbering, Settings } from '../config/index.js';
import type { Language } from '../contract/index.js';
import type { Db } from '../db/index.js';
import { silentLog, systemClock, type Clock, type Log, type Metrics } from '../platform/index.js';
import { AttemptLimit } from './auth/attempt-limit.js';
import { passwordHashing, type Passwords } from './auth/passwords.js';
import { SecondFactor } from './auth/second-factor.js';
import { Secrets } from './auth/secrets.js';
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
import { openRoute, type Route } from './route.js';
import { apiRouter } from './router.js';
import { allRoutes } from './routes/index.js';

export interface HttpOptions {
  host: string;
  /** 0: any free one */
  port: number;
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

export interface HttpServer {
  /** for socket.io to attach to */
  readonly server: Server;
  readonly sessions: Sessions;
  readonly hostRule: HostRule;
  readonly routes: readonly Route[];
  /** Makes set-up code and local token, then listens. Rejects when the address is taken. */
  start(): Promise<{ host: string; port: number }>;
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
  app.use(securityHeaders());
  app.use(errorMiddleware(log, options.language));
  app.use(hostMiddleware(hostRule));
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
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port, options.host, () => {
          server.off('error', reject);
          resolve();
        });
      });
      server.on('error', (error) => log.error({ err: error }, 'the HTTP server failed'));
      const { address, port } = server.address() as AddressInfo;
      log.info({ host: address, port }, `listening on http://${options.host}:${port}`);
      return { host: address, port };
    },
    stop: () => (stopping ??= stop(server, sessions, clock)),
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
