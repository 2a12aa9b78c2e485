/** One field that was refused, named by its path in the body that was sent. */
export interface RefusedField {
  path: string;
  message: string;
}

/** The box answered, and the answer is no. `message` is a sentence in the language that was asked for. */
export class RefusedError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: readonly RefusedField[] = [],
  ) {
    super(message);
    this.name = 'RefusedError';
  }
}

/** No answer: the box is off, starting, or the network between is cut. */
export class UnreachableError extends Error {
  constructor(options?: ErrorOptions) {
    super('unreachable', options);
    this.name = 'UnreachableError';
  }
}

/** An answer that is not the API's: a proxy in between, or a fault of the box. */
export class UnexpectedAnswerError extends Error {
  constructor(readonly status: number) {
    super(`unexpected answer, status ${status}`);
    this.name = 'UnexpectedAnswerError';
  }
}

export function isGone(error: unknown): boolean {
  return error instanceof RefusedError && error.status === 404;
}
