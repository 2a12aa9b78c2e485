// The pages, as they were built. Only files that were found in the folder are served: a path is looked up in a list, never put
// together with one. Paths of the pages' own router (/calls, /agents/2001) get index.html.
import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Context, Middleware } from 'koa';
import { contentSecurityPolicy } from './headers.js';

interface StaticFile {
  path: string;
  type: string;
  bytes: number;
  etag: string;
  immutable: boolean;
  zipped: Promise<Buffer> | undefined;
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.wav': 'audio/wav',
  '.txt': 'text/plain; charset=utf-8',
};
const ZIPPED = /^(text\/|application\/(json|manifest)|image\/svg)/;
/** Vite puts a hash of the content into these names: assets/index-4f3a9b2c.js */
const HASHED = /^\/assets\/.*-[A-Za-z0-9_-]{8,}\.[a-z0-9]+$/;
/** The folder is read again at most so often, for those who build while it runs. */
const RESCAN_MS = 1000;

/** Stands in the pages' HTML where the nonce of their style elements is to stand. */
const NONCE = '__STYLE_NONCE__';

const zip = promisify(gzip);

export function staticFiles(folder: string): Middleware {
  let files = scan(folder);
  let scannedAt = performance.now();

  return async (ctx, next) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next();
    const wanted = ctx.path === '/' ? '/index.html' : ctx.path;
    let file = files.get(wanted);
    if ((file === undefined || !unchanged(file)) && performance.now() - scannedAt > RESCAN_MS) {
      files = scan(folder);
      scannedAt = performance.now();
      file = files.get(wanted);
    }
    // A path with an ending asks for a file; the others are places within the pages.
    if (file === undefined && extname(ctx.path) === '') file = files.get('/index.html');
    if (file === undefined) return next();
    return send(ctx, file);
  };
}

function scan(folder: string): Map<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  if (!existsSync(folder)) return files;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const url = path.slice(folder.length).replaceAll('\\', '/');
    const address = url.startsWith('/') ? url : `/${url}`;
    const type = TYPES[extname(entry.name)];
    if (type === undefined) continue;
    files.set(address, {
      path,
      type,
      bytes: statSync(path).size,
      etag: etagOf(path),
      immutable: HASHED.test(address),
      zipped: undefined,
    });
  }
  return files;
}

function etagOf(path: string): string {
  return `"${createHash('sha256').update(readFileSync(path)).digest('base64url').slice(0, 22)}"`;
}

function unchanged(file: StaticFile): boolean {
  return statSync(file.path, { throwIfNoEntry: false })?.size === file.bytes;
}

async function send(ctx: Context, file: StaticFile): Promise<void> {
  ctx.status = 200;
  ctx.type = file.type;
  if (file.type.startsWith('text/html')) return sendPage(ctx, file);
  ctx.set('ETag', file.etag);
  ctx.set('Cache-Control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  if (ZIPPED.test(file.type) && file.bytes > 1024 && ctx.acceptsEncodings('gzip') === 'gzip') {
    file.zipped ??= zip(readFileSync(file.path), { level: 9 });
    ctx.vary('Accept-Encoding');
    ctx.set('Content-Encoding', 'gzip');
    ctx.set('ETag', file.etag.replace(/"$/, '-gzip"'));
    ctx.body = await file.zipped;
    return;
  }
  ctx.length = file.bytes;
  ctx.body = createReadStream(file.path);
}

/** Each time with a nonce of its own, so never from a cache. */
function sendPage(ctx: Context, file: StaticFile): void {
  const nonce = randomBytes(16).toString('base64');
  ctx.set('Cache-Control', 'no-store');
  ctx.set('Content-Security-Policy', contentSecurityPolicy(nonce));
  ctx.body = readFileSync(file.path, 'utf8').replaceAll(NONCE, nonce);
}
