/** Why a URI leads nowhere. */
export type LocateFailure =
  /** another scheme than sip and sips */
  | 'unsupported_scheme'
  /** a transport that we do not have, or that the scheme forbids */
  | 'unsupported_transport'
  /** the host is no name that may be asked for */
  | 'bad_name'
  /** the name has no address, or none we may send to, or says that it offers no SIP */
  | 'no_such_name'
  /** name servers did not answer, or not in time */
  | 'no_answer'
  /** too many questions are under way */
  | 'busy';

export class LocateError extends Error {
  constructor(
    readonly code: LocateFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'LocateError';
  }
}
