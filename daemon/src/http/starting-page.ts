// What a browser sees while the database of a box gets another form, which of a large one takes minutes: that, how far it is, and nothing
// else. It asks again by itself until the box is there. Nothing is read of a request.
import { createServer, type Server } from 'node:http';
import type { Log } from '../platform/index.js';
import { contentSecurityPolicy } from './middleware/headers.js';

export interface Progress {
  step: number;
  steps: number;
  lastedMs: number;
}

export interface StartingPage {
  /** Listens from the first time on. */
  show(progress: Progress): void;
  /** Resolves when the port is free again. */
  end(): Promise<void>;
}

const ASKS_AGAIN_S = 5;

export function startingPage({ host, port, log }: { host: string; port: number; log: Log }): StartingPage {
  let server: Server | undefined;
  let now: Progress = { step: 0, steps: 0, lastedMs: 0 };

  function listen(): Server {
    const made = createServer((request, answer) => {
      const api = request.url?.startsWith('/api/') === true;
      answer.writeHead(503, {
        ...{ 'Retry-After': ASKS_AGAIN_S, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' },
        ...{ 'Content-Security-Policy': contentSecurityPolicy(), Connection: 'close' },
        'Content-Type': api ? 'application/json; charset=utf-8' : 'text/html; charset=utf-8',
      });
      answer.end(
        api ? JSON.stringify({ error: { code: 'starting', message: words(now).en, details: [] } }) : page(now),
      );
    });
    // Somebody else has the port: the box will say so when its own turn comes.
    made.on('error', (error) => log.warn({ err: error }, 'nobody can be shown that the database is being changed'));
    return made.listen(port, host);
  }

  return {
    show(progress) {
      now = progress;
      // Nobody would know where to look for any free port.
      if (port !== 0) server ??= listen();
    },
    end: () =>
      new Promise((resolve) => {
        if (server === undefined || !server.listening) return resolve();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function words({ step, steps, lastedMs }: Progress): { zh: string; en: string } {
  const minutes = Math.floor(lastedMs / 60_000);
  const seconds = Math.floor(lastedMs / 1000) % 60;
  return step === 0
    ? {
        zh: `正在备份数据库，然后升级它的格式（共 ${steps} 步）。已用 ${minutes} 分 ${seconds} 秒。`,
        en: `A copy of the database is made before its form is changed (${steps} steps). It has taken ${minutes} min ${seconds} s.`,
      }
    : {
        zh: `正在升级数据库格式：第 ${step} 步，共 ${steps} 步。已用 ${minutes} 分 ${seconds} 秒。`,
        en: `The form of the database is being changed: step ${step} of ${steps}. It has taken ${minutes} min ${seconds} s.`,
      };
}

function page(now: Progress): string {
  const { zh, en } = words(now);
  return `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta http-equiv="refresh" content="${ASKS_AGAIN_S}">
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark"><title>Cordboard</title></head>
<body><h1>Cordboard</h1><p>${zh}请不要断电；完成后本页自动打开。</p>
<p lang="en">${en} Leave the power on; this page opens by itself when it is done.</p></body></html>`;
}
