// Text from station to station (RFC 3428): the box passes it on to every telephone of the callee, under the sender's own name.
// It keeps nothing: what no telephone takes is refused.
import type { Clock, Timer } from '../../platform/index.js';
import { OutgoingRequest, type DialogContext } from '../dialog/index.js';
import { newRequest, serialise, type SipRequest, type SipResponse } from '../message/index.js';
import type { ServerTransaction } from '../transaction/index.js';
import type { ReachableAt } from './calls.js';
import { sipAddress } from './identity.js';
import type { StackStation } from './protocol.js';
import { refuse } from './requests.js';

export interface MessagesOptions {
  context: DialogContext;
  clock: Clock;
  domain: string;
  product: string;
  /** undefined: there is none */
  station: (number: number) => StackStation | undefined;
  reach: (station: number) => readonly ReachableAt[];
}

/** octets of a whole message (RFC 3428 clause 8); also over connections, for the next hop may be a datagram */
const LONGEST = 1300;
/** text waiting for answers, of one sender: a flood is turned away before it reaches telephones */
const MOST_PENDING = 10;
/** ms; before the sender gives up himself (timer F, 32 s), and longer than three copies of the request take */
const PATIENCE_MS = 10_000;
/** What telephones show, and that somebody is typing (RFC 3994). */
const TYPES: ReadonlySet<string> = new Set([
  'text/plain',
  'text/html',
  'message/cpim',
  'application/im-iscomposing+xml',
]);
const PASSED_ON = ['Content-Type', 'Content-Language', 'Subject', 'Date', 'Expires'];
/** Of refusals the one that says most: a telephone that does not take such text, before one that is switched off. */
const RANK = [415, 413, 513, 603, 600, 606, 486, 480];

export class Messages {
  readonly #options: MessagesOptions;
  readonly #pending = new Map<number, number>();

  constructor(options: MessagesOptions) {
    this.#options = options;
  }

  /** A MESSAGE outside of any dialog, of a station that has shown its secret. */
  receive(transaction: ServerTransaction, from: StackStation): void {
    const { request } = transaction;
    const { station, reach, domain } = this.#options;
    const [type = ''] = (request.headers.get('Content-Type') ?? '').split(';', 1);
    if (!TYPES.has(type.trim().toLowerCase())) return refuse(transaction, 415, [['Accept', [...TYPES].join(', ')]]);
    if (request.headers.has('Content-Encoding')) return refuse(transaction, 415, [['Accept-Encoding', 'identity']]);
    const user = request.uri.user ?? '';
    const to = /^\d{1,9}$/.test(user) ? station(Number(user)) : undefined;
    if (to?.enabled !== true) return refuse(transaction, 404);
    if (request.body.length > LONGEST) return refuse(transaction, 413);
    const contacts = reach(to.number).filter(({ targets }) => targets.length > 0);
    if (contacts.length === 0) return refuse(transaction, 480);
    const copies = contacts.map((contact) => ({
      ...contact,
      request: this.#copy(request, contact, sipAddress(from.name, String(from.number), domain), to.number),
    }));
    if (copies.some((copy) => serialise(copy.request).length > LONGEST)) return refuse(transaction, 413);
    const pending = this.#pending.get(from.number) ?? 0;
    if (pending >= MOST_PENDING) return refuse(transaction, 503, [['Retry-After', '5']]);
    this.#pending.set(from.number, pending + 1);
    this.#relay(transaction, from.number, copies);
  }

  #copy(request: SipRequest, { uri, routes }: ReachableAt, from: string, to: number): SipRequest {
    const { context, domain, product } = this.#options;
    const { random } = context;
    return newRequest({
      method: 'MESSAGE',
      uri,
      headers: [
        ...routes.map((route) => ['Route', route] as const),
        ['Max-Forwards', '70'],
        ['From', `${from};tag=${random.token()}`],
        ['To', sipAddress('', String(to), domain)],
        ['Call-ID', random.token(16)],
        ['CSeq', '1 MESSAGE'],
        ['P-Asserted-Identity', from],
        ...(product === '' ? [] : [['User-Agent', product] as const]),
        ...PASSED_ON.flatMap((name) => request.headers.lines(name).map((value) => [name, value] as const)),
      ],
      body: request.body,
    });
  }

  /** The first telephone that takes it decides; otherwise the sender hears the refusal that says most. */
  #relay(
    transaction: ServerTransaction,
    from: number,
    copies: readonly (ReachableAt & { request: SipRequest })[],
  ): void {
    const { context, clock } = this.#options;
    const refusals: number[] = [];
    let done = false;
    const finish = (status: number): void => {
      if (done) return;
      done = true;
      limit.cancel();
      const left = (this.#pending.get(from) ?? 1) - 1;
      if (left > 0) this.#pending.set(from, left);
      else this.#pending.delete(from);
      refuse(transaction, status);
    };
    const refused = (status: number): void => {
      refusals.push(status);
      if (refusals.length === copies.length) finish(worst(refusals));
    };
    // RFC 4320: nobody answers such a request 408.
    const limit: Timer = clock.after(PATIENCE_MS, () => finish(480));
    for (const { request, uri, targets } of copies) {
      new OutgoingRequest(context, {
        ...{ request, nextHop: uri, targets, nextCSeq: () => 2 },
        listener: {
          final: ({ status }: SipResponse) => (status < 300 ? finish(200) : refused(status)),
          failed: () => refused(480),
        },
      });
    }
  }
}

/** A challenge or a fault of one telephone says nothing to the sender. */
function worst(refusals: readonly number[]): number {
  return RANK.find((status) => refusals.includes(status)) ?? 480;
}
