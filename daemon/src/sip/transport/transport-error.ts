/** Why a message could not be sent. */
export type TransportFailure =
  /** no listener or connection of ours can send there */
  | 'unsupported'
  /** the connection it was for has gone, and none may be opened */
  | 'gone'
  /** the system or the peer refused: no route, port closed, reset */
  | 'unreachable'
  /** the peer did not accept a connection in time, or does not read */
  | 'timeout'
  /** the peer's certificate is not good for the name (RFC 5922), or not the one that was pinned */
  | 'certificate'
  /** as many connections as may be, or as many bytes waiting */
  | 'full'
  /** more than a datagram holds */
  | 'too_large'
  /** a request without a Via, a header that cannot be written */
  | 'bad_message'
  /** stop() was called */
  | 'stopped'
  /** of start(): another program listens there, or the address is not ours */
  | 'address_taken';

export class TransportError extends Error {
  constructor(
    readonly code: TransportFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'TransportError';
  }
}
