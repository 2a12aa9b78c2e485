import { LifecycleError, errorText } from '../platform/index.js';

/** The sentence of what kept a part from starting. */
export function reasonOf(error: unknown): string {
  return error instanceof LifecycleError && error.cause !== undefined
    ? `${error.part}: ${errorText(error.cause)}`
    : errorText(error);
}
