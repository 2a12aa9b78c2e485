// REFER of the peer (RFC 3515): the call it asks for is the owner's to make, and how it fares is told by NOTIFY in the same dialog.
// The subscription that this makes is a usage of its own: it goes on when the session has ended, as it does when a phone
// transfers a call and hangs up.
import type { Timer } from '../../../platform/index.js';
import { parseNameAddr, parseNumber, type NameAddr, type SipRequest } from '../../message/index.js';
import type { ServerTransaction } from '../../transaction/index.js';
import type { DialogUsage } from '../dialog.js';
import { REFER_EXPIRES_S } from '../limits.js';
import { parseReplaces, type Replaces } from '../replaces.js';
import { formatSipfrag, SIPFRAG } from './sipfrag.js';
import type { Referral } from './types.js';
import type { InviteUsage } from './usage.js';

interface Report {
  status: number;
  reason: string | undefined;
  /** of Subscription-State when there is no more to come; undefined: there is */
  terminated: string | undefined;
}

interface ReferTo {
  target: NameAddr;
  replaces: Replaces | undefined;
}

export function receiveRefer(usage: InviteUsage, transaction: ServerTransaction): void {
  const { request } = transaction;
  const referTo = referToOf(request);
  if (referTo === undefined) usage.refuse(transaction, 400);
  else if (!usage.dialog.hasRoom) usage.refuse(transaction, 503);
  // Nobody here makes calls for others.
  else if (usage.owner.emitter.listenerCount('referred') === 0) usage.refuse(transaction, 603);
  else usage.owner.emitter.emit('referred', new ReceivedReferral(usage, transaction, referTo));
}

/** undefined: there is not exactly one Refer-To, or it is none (RFC 3515 2.4.2). */
function referToOf(request: SipRequest): ReferTo | undefined {
  const lines = request.headers.lines('Refer-To');
  const referTo = lines.length === 1 ? parseNameAddr(lines[0] ?? '') : undefined;
  if (referTo === undefined) return undefined;
  const text = referTo.uri.headers.get('replaces');
  const replaces = text === undefined ? undefined : parseReplaces(text);
  if (text !== undefined && replaces === undefined) return undefined;
  const headers = new Map(referTo.uri.headers);
  headers.delete('replaces');
  return { target: { ...referTo, uri: { ...referTo.uri, headers } }, replaces };
}

class ReceivedReferral implements Referral {
  readonly request: SipRequest;
  readonly target: NameAddr;
  readonly replaces: Replaces | undefined;
  readonly referredBy: NameAddr | undefined;
  readonly #usage: InviteUsage;
  readonly #transaction: ServerTransaction;
  #notifier: ReferNotifier | undefined;

  constructor(usage: InviteUsage, transaction: ServerTransaction, { target, replaces }: ReferTo) {
    this.#usage = usage;
    this.#transaction = transaction;
    this.request = transaction.request;
    this.target = target;
    this.replaces = replaces;
    this.referredBy = parseNameAddr(this.request.headers.get('Referred-By') ?? '');
  }

  accept(): void {
    if (this.#transaction.answered) return;
    const silent = this.request.headers.get('Refer-Sub')?.toLowerCase() === 'false';
    const response = this.#transaction.response(202);
    response.headers.add('Contact', this.#usage.dialog.contact);
    // RFC 4488: the peer does not want to hear how it goes.
    if (silent) response.headers.add('Refer-Sub', 'false');
    this.#usage.dialog.refreshTarget(this.request);
    this.#transaction.respond(response);
    if (!silent && this.#usage.dialog.hasRoom) this.#notifier = new ReferNotifier(this.#usage, this.request);
  }

  refuse(status = 603): void {
    if (!this.#transaction.answered) this.#usage.refuse(this.#transaction, status);
  }

  progress(status: number, reason?: string): void {
    this.#notifier?.report(status, reason);
  }
}

class ReferNotifier implements DialogUsage {
  readonly kind = 'subscription';
  readonly over = false;
  readonly #usage: InviteUsage;
  /** value of Event */
  readonly #event: string;
  readonly #id: string;
  #expiry: Timer;
  #expiresAtMs: number;
  /** NOTIFYs on their way; what comes meanwhile waits, and only the last of it is told, but for what ends it: BYE may follow at once */
  #underway = 0;
  #next: Report | undefined;
  #last: Report = { status: 100, reason: undefined, terminated: undefined };
  #ended = false;

  constructor(usage: InviteUsage, refer: SipRequest) {
    this.#usage = usage;
    this.#id = String(refer.cseq.number);
    // The first of a dialog may go without id (2.4.6), which is what older phones expect.
    this.#event = usage.referrals === 0 ? 'refer' : `refer;id=${this.#id}`;
    usage.referrals += 1;
    this.#expiresAtMs = 0;
    this.#expiry = this.#arm(REFER_EXPIRES_S);
    usage.dialog.attach(this);
    this.#tell(this.#last);
  }

  report(status: number, reason: string | undefined): void {
    if (this.#ended) return;
    this.#tell({ status, reason, terminated: status >= 200 ? 'noresource' : undefined });
  }

  /** SUBSCRIBE renews or ends it (RFC 6665 4.2.1, as RFC 3515 2.4.4 allows). */
  request(transaction: ServerTransaction): boolean {
    const { request } = transaction;
    const [name = '', ...params] = (request.headers.get('Event') ?? '').split(';').map((part) => part.trim());
    if (request.method !== 'SUBSCRIBE' || name.toLowerCase() !== 'refer' || this.#ended) return false;
    const id = params.find((param) => param.startsWith('id='))?.slice(3);
    if (id === undefined ? this.#event !== 'refer' : id !== this.#id) return false;
    const expiresS = Math.min(
      parseNumber(request.headers.get('Expires') ?? '', 86_400) ?? REFER_EXPIRES_S,
      REFER_EXPIRES_S,
    );
    const response = transaction.response(200);
    response.headers.add('Expires', String(expiresS));
    response.headers.add('Contact', this.#usage.dialog.contact);
    transaction.respond(response);
    this.#expiry.cancel();
    this.#expiry = this.#arm(expiresS);
    if (expiresS > 0) this.#tell(this.#last);
    return true;
  }

  destroyed(): void {
    this.#ended = true;
    this.#expiry.cancel();
  }

  #arm(seconds: number): Timer {
    const { timers, clock } = this.#usage.dialog.context;
    this.#expiresAtMs = clock.monotonicMs() + seconds * 1000;
    return timers.after(seconds * 1000, () => {
      if (!this.#ended) this.#tell({ ...this.#last, terminated: 'timeout' });
    });
  }

  #tell(report: Report): void {
    if (report.terminated !== undefined) {
      this.#ended = true;
      this.#expiry.cancel();
    }
    this.#last = report;
    this.#next = report;
    if (this.#underway === 0 || report.terminated !== undefined) this.#send();
  }

  #send(): void {
    const report = this.#next;
    if (report === undefined) return;
    this.#next = undefined;
    this.#underway += 1;
    const { dialog, owner } = this.#usage;
    const leftS = Math.max(0, Math.ceil((this.#expiresAtMs - dialog.context.clock.monotonicMs()) / 1000));
    const state =
      report.terminated === undefined ? `active;expires=${leftS}` : `terminated;reason=${report.terminated}`;
    const headers: [string, string][] = [
      ['Event', this.#event],
      ['Subscription-State', state],
      ['Content-Type', `${SIPFRAG};version=2.0`],
    ];
    const body = formatSipfrag(report.status, report.reason);
    dialog.send(
      'NOTIFY',
      { headers, body, authorize: owner.authorize },
      {
        final: (response) => this.#sent(response.status < 300),
        failed: () => this.#sent(false),
      },
    );
  }

  #sent(accepted: boolean): void {
    this.#underway -= 1;
    // Whoever refuses a NOTIFY does not want another (RFC 6665 4.2.2).
    if (!accepted) this.destroyed();
    if (accepted && this.#next !== undefined) this.#send();
    else if (this.#ended && this.#underway === 0) this.#usage.dialog.detach(this);
  }
}
