// A file in the body of a request, as it is.
import type { Middleware } from 'koa';
import { AppError } from '../platform/index.js';

export function readUpload(limitBytes: number): Middleware {
  return async (ctx, next) => {
    const tooLarge = (): AppError => new AppError('body_too_large', { limitBytes });
    if (Number(ctx.get('content-length')) > limitBytes) throw tooLarge();
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
      if ((bytes += chunk.length) > limitBytes) throw tooLarge();
      chunks.push(chunk);
    }
    (ctx.state as { file: Buffer }).file = Buffer.concat(chunks);
    await next();
  };
}
