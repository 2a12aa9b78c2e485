import { AppError } from '../platform/index.js';

/** A body that names something which does not exist: 400 with that thing's own sentence at its place. */
export function invalidBody(path: string, reason: AppError): AppError {
  return new AppError(
    'body_invalid',
    {},
    {
      cause: reason,
      details: (language) => [{ path, message: reason.text(language) }],
    },
  );
}
