import type { SipMessage, SipRequest } from '../../message/index.js';

/** What the peer has said that it can do (RFC 3261 20.5, 20.37): its last word counts. */
export class PeerAbilities {
  #allow: readonly string[] | undefined;
  #supported: readonly string[] = [];

  learn(message: SipMessage): void {
    const { headers } = message;
    if (headers.has('Allow')) this.#allow = headers.list('Allow');
    if (headers.has('Supported')) this.#supported = headers.list('Supported');
  }

  /** It has named the method in Allow. */
  allows(method: string): boolean {
    return this.#allow?.includes(method) === true;
  }

  supports(option: string): boolean {
    return this.#supported.includes(option);
  }
}

/** Options that a request requires and we do not have, for Unsupported of a 420 (RFC 3261 8.2.2.3). */
export function unsupportedOptions(request: SipRequest, supported: readonly string[]): string[] {
  return request.headers.list('Require').filter((option) => !supported.includes(option.toLowerCase()));
}
