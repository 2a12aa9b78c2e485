// What the web server asks of pages that are telephones.
import type { WebPhonePass } from '../contract/index.js';

/** Pages as telephones. */
export interface WebPhonesPort {
  /** whether browsers are taken at all */
  available(): boolean;
  /** whether the station is one that a page can be */
  has(station: number): boolean;
  /** web_phone_elsewhere */
  grant(request: {
    station: number;
    agentId: string;
    sessionId: string;
    tab: string;
    takeOver: boolean;
  }): Promise<Omit<WebPhonePass, 'path'> & { ticket: string }>;
  /** whether a WebSocket with this ticket is to be opened */
  opens(ticket: string): boolean;
  /** undefined: it is not any more */
  open(
    ticket: string,
    link: { send(data: Uint8Array, binary: boolean): void; close(code: number, reason: string): void },
    addresses: {
      local: { host: string; port: number };
      remote: { host: string; port: number };
      secure: boolean;
    },
  ): { came(data: Uint8Array): void; gone(code: number): void } | undefined;
}
