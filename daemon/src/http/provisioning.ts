// What desk telephones fetch (phones/). It stands beside the API: telephones have no session, and whoever gets nothing gets the same
// answer, whatever he asked for.
import type { Middleware } from 'koa';
import { PROVISION_PREFIX, type PhoneAnswer, type PhoneRequest } from '../phones/index.js';

export function provisioning(answer: (request: PhoneRequest) => Promise<PhoneAnswer>): Middleware {
  return async (ctx, next) => {
    // As it came: nothing is decoded, and nothing put together from parts.
    const [path = ''] = (ctx.req.url ?? '').split('?', 1);
    if (!path.startsWith(PROVISION_PREFIX)) return next();
    const found: PhoneAnswer =
      ctx.method === 'GET'
        ? await answer({
            path,
            address: ctx.req.socket.remoteAddress ?? '',
            userAgent: ctx.get('user-agent').slice(0, 400) || undefined,
            authorization: ctx.get('authorization').slice(0, 600) || undefined,
          })
        : { kind: 'nothing' };
    ctx.set('Cache-Control', 'no-store');
    if (found.kind === 'file') {
      ctx.status = 200;
      ctx.set('Content-Type', found.contentType);
      ctx.body = found.text;
      return;
    }
    ctx.type = 'text/plain; charset=utf-8';
    if (found.kind === 'challenge') ctx.set('WWW-Authenticate', 'Basic realm="telephones", charset="UTF-8"');
    ctx.status = found.kind === 'challenge' ? 401 : 404;
    ctx.body = found.kind === 'challenge' ? 'Unauthorized\n' : 'Not found\n';
  };
}
