// REFER of ours (RFC 3515): the peer makes a call, and tells by NOTIFY how it fares.
import type { Timer } from '../../../platform/index.js';
import type { ServerTransaction } from '../../transaction/index.js';
import type { DialogUsage } from '../dialog.js';
import { REFER_EXPIRES_S } from '../limits.js';
import type { OutgoingRequest } from '../outgoing-request.js';
import { bodyType } from './bodies.js';
import { parseSipfrag, SIPFRAG, type Sipfrag } from './sipfrag.js';
import type { InviteUsage } from './usage.js';

export interface ReferOptions {
  /** value of Refer-To; a Replaces for the call there stands in the URI's headers */
  referTo: string;
  /** value of Referred-By (RFC 3892) */
  referredBy?: string | undefined;
  /** false: the peer need not say how it goes (RFC 4488) */
  notify?: boolean | undefined;
  progress?: ((status: number, reason: string) => void) | undefined;
}

/** What became of it: the answer to the REFER when that is a refusal or there are no reports, otherwise the last report. */
export type ReferResult = Sipfrag;

/** Nobody knows: reports did not come, or the dialog ended first. */
const UNKNOWN: ReferResult = { status: 408, reason: 'No Report' };

export function sendRefer(usage: InviteUsage, options: ReferOptions): Promise<ReferResult> {
  if (!usage.dialog.hasRoom || usage.over) return Promise.resolve({ status: 481, reason: 'No Dialog' });
  return new Promise((resolve) => new ReferSubscriber(usage, options, resolve));
}

class ReferSubscriber implements DialogUsage {
  readonly kind = 'subscription';
  readonly over = false;
  readonly #usage: InviteUsage;
  readonly #options: ReferOptions;
  readonly #resolve: (result: ReferResult) => void;
  readonly #refer: OutgoingRequest;
  #expiry: Timer | undefined;
  #last = UNKNOWN;
  #done = false;

  constructor(usage: InviteUsage, options: ReferOptions, resolve: (result: ReferResult) => void) {
    this.#usage = usage;
    this.#options = options;
    this.#resolve = resolve;
    // Before it is sent: a NOTIFY may overtake the answer.
    usage.dialog.attach(this);
    const headers: [string, string][] = [['Refer-To', options.referTo]];
    if (options.referredBy !== undefined) headers.push(['Referred-By', options.referredBy]);
    if (options.notify === false) headers.push(['Refer-Sub', 'false'], ['Supported', 'norefersub']);
    this.#refer = usage.dialog.send(
      'REFER',
      { headers, authorize: usage.owner.authorize },
      {
        final: (response) => {
          const { status, reason } = response;
          const silent = response.headers.get('Refer-Sub')?.toLowerCase() === 'false';
          if (status >= 300 || silent) this.#finish({ status, reason });
          else if (!this.#done) this.#arm();
          usage.refused(status, 'REFER');
        },
        failed: () => this.#finish(UNKNOWN),
      },
    );
  }

  request(transaction: ServerTransaction): boolean {
    const { request } = transaction;
    const { headers } = request;
    const [name = '', ...params] = (headers.get('Event') ?? '').split(';').map((part) => part.trim());
    if (request.method !== 'NOTIFY' || name.toLowerCase() !== 'refer' || this.#done) return false;
    const id = params.find((param) => param.startsWith('id='))?.slice(3);
    if (id !== undefined && id !== String(this.#refer.request.cseq.number)) return false;
    const report = bodyType(request) === SIPFRAG ? parseSipfrag(request.body) : undefined;
    transaction.respond(transaction.response(report === undefined ? 400 : 200));
    if (report === undefined) return true;
    this.#last = report;
    this.#options.progress?.(report.status, report.reason);
    const [state = ''] = (headers.get('Subscription-State') ?? '').split(';', 1);
    if (state.trim().toLowerCase() === 'terminated') this.#finish(report);
    else this.#arm();
    return true;
  }

  destroyed(): void {
    this.#finish(this.#last);
  }

  #arm(): void {
    this.#expiry?.cancel();
    this.#expiry = this.#usage.dialog.context.timers.after(REFER_EXPIRES_S * 1000, () => this.#finish(this.#last));
  }

  #finish(result: ReferResult): void {
    if (this.#done) return;
    this.#done = true;
    this.#expiry?.cancel();
    this.#resolve(result);
    this.#usage.dialog.detach(this);
  }
}
