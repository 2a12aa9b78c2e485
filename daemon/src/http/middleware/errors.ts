// Whatever was thrown becomes an answer: JSON with a code and a sentence in the language of the one who asked.
import { randomBytes } from 'node:crypto';
import type { Context, Middleware } from 'koa';
import type { Language } from '../../contract/index.js';
import { AppError, errorText, isAppError, pickLanguage, type Log } from '../../platform/index.js';

export const BODY_LIMIT_BYTES = 256 * 1024;

export function errorMiddleware(log: Log, defaultLanguage: Language): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      answer(ctx, error, log, pickLanguage(ctx.get('accept-language'), defaultLanguage));
    }
  };
}

function answer(ctx: Context, error: unknown, log: Log, language: Language): void {
  if (ctx.headerSent) {
    // A download that breaks off: the answer has gone, the connection must not look as if it were whole.
    log.debug({ err: error, path: ctx.path }, 'a reply broke off');
    ctx.res.destroy();
    return;
  }
  const known = toAppError(error, ctx);
  const told = known ?? internal(error, ctx, log);
  ctx.status = told.status;
  ctx.set('Cache-Control', 'no-store');
  if (told.status === 401) ctx.set('WWW-Authenticate', 'Bearer');
  if (isAppError(told, 'sign_in_too_often')) ctx.set('Retry-After', String(told.params['seconds']));
  if (told.status === 503) ctx.set('Retry-After', '2');
  ctx.vary('Accept-Language');
  ctx.set('Content-Language', language);
  ctx.body = told.body(language);
}

/** undefined: a fault of ours. */
function toAppError(error: unknown, ctx: Context): AppError | undefined {
  if (isAppError(error)) return error;
  if (!(error instanceof Error) || !('status' in error)) return undefined;
  // From the body parser, which speaks http-errors.
  switch (error.status) {
    case 413:
      return new AppError('body_too_large', { limitBytes: BODY_LIMIT_BYTES });
    case 415:
      return new AppError('media_type_unsupported', { type: ctx.get('content-type').slice(0, 80) });
    case 400:
      return new AppError('body_not_json', { reason: errorText(error).slice(0, 120) });
    default:
      return undefined;
  }
}

function internal(error: unknown, ctx: Context, log: Log): AppError {
  const reference = randomBytes(4).toString('hex');
  log.error({ err: error, reference, method: ctx.method, path: ctx.path }, 'a request failed inside');
  return new AppError('internal', { reference });
}
