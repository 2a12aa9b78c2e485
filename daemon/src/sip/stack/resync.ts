// Has telephones fetch their settings anew: a NOTIFY outside of any dialog, which no subscription asked for (check-sync of most makers,
// resync of Cisco's SPA; never registered with IANA, and understood by all of them).
import { OutgoingRequest, type DialogContext } from '../dialog/index.js';
import { newRequest, type SipResponse } from '../message/index.js';
import type { Clock, Timer } from '../../platform/index.js';
import type { ReachableAt } from './calls.js';
import { sipAddress } from './identity.js';

export interface ResyncOptions {
  context: DialogContext;
  clock: Clock;
  domain: string;
  product: string;
  reach: (station: number) => readonly ReachableAt[];
}

/** ms; a telephone that restarts at once may never answer */
const PATIENCE_MS = 5000;

/** Resolves with how many telephones have taken it. Never rejects. */
export async function resync(options: ResyncOptions, station: number, event: string): Promise<number> {
  const contacts = options.reach(station).filter(({ targets }) => targets.length > 0);
  const taken = await Promise.all(contacts.map((contact) => notify(options, station, event, contact)));
  return taken.filter(Boolean).length;
}

function notify(
  { context, clock, domain, product }: ResyncOptions,
  station: number,
  event: string,
  { uri, routes, targets }: ReachableAt,
): Promise<boolean> {
  const { random } = context;
  const request = newRequest({
    method: 'NOTIFY',
    uri,
    headers: [
      ...routes.map((route) => ['Route', route] as const),
      ['Max-Forwards', '70'],
      ['From', `<sip:${domain}>;tag=${random.token()}`],
      ['To', sipAddress('', String(station), domain)],
      ['Call-ID', random.token(16)],
      ['CSeq', '1 NOTIFY'],
      ['Contact', `<sip:${domain}>`],
      ['Event', event],
      ['Subscription-State', 'terminated;reason=noresource'],
      ...(product === '' ? [] : [['User-Agent', product] as const]),
    ],
  });
  return new Promise((resolve) => {
    const limit: Timer = clock.after(PATIENCE_MS, () => resolve(false));
    const told = (taken: boolean): void => {
      limit.cancel();
      resolve(taken);
    };
    new OutgoingRequest(context, {
      ...{ request, nextHop: uri, targets, nextCSeq: () => 2 },
      listener: { final: ({ status }: SipResponse) => told(status < 300), failed: () => told(false) },
    });
  });
}
