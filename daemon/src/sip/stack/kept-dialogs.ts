// Dialogs that outlive a stack which was killed: what is needed of each is told to the daemon, and the next stack ends them with BYE
// (RFC 3261 15.1.1). Their peers would otherwise hold calls in which nobody is left.
import type { Log } from '../../platform/index.js';
import { q850Reason, type Authorize, type Dialog, type Dialogs, type DialogUsage } from '../dialog/index.js';
import type { Target } from '../locate/index.js';
import { formatUri, newRequest, newResponse, parseUri, serialise, type SipResponse } from '../message/index.js';
import type { ServerTransaction, Timers } from '../transaction/index.js';
import type { KeptDialog } from './protocol.js';

/**
 * Requests in a dialog that may have gone out since it was told. A peer takes whatever number is higher than the last one
 * (RFC 3261 12.2.2), so that not every request has to be told.
 */
const CSEQ_AHEAD = 100_000;
/** ms (RFC 3261 17.1.1.1) */
const AGAIN_MS = [500, 1500];
/** Q.850: temporary failure */
const CAUSE = 41;

export function keptDialog(dialog: Dialog, trunk: string, sinceMs: number, lastWord?: Buffer): KeptDialog {
  const { callId, localTag, remoteTag, local, remote, remoteTarget, routeSet, contact, flow } = dialog;
  const { transport, remote: from, local: ours } = flow;
  return {
    id: keyOf(dialog),
    lastWord: lastWord?.toString('base64') ?? '',
    ...{ sinceMs, trunk, callId, localTag, remoteTag, local, remote, contact, transport },
    remoteTarget: formatUri(remoteTarget),
    routeSet: [...routeSet],
    localCSeq: dialog.localCSeq,
    remoteHost: from.host,
    remotePort: from.port,
    localHost: ours.host,
    localPort: ours.port,
  };
}

/** Of all the dialogs of a call that forks: one of them has it in the end. */
export const keyOf = ({ callId, localTag }: Pick<Dialog, 'callId' | 'localTag'>): string => `${localTag} ${callId}`;

/** What ends the peer's INVITE, should we not be there to answer it. */
export function lastAnswer({ request, toTag }: ServerTransaction): Buffer {
  return serialise(newResponse(request, 503, undefined, { toTag }));
}

/** What ends an INVITE of ours that this is a provisional answer to (RFC 3261 9.1); `uri`: where it went. */
export function lastCancel({ headers, callId, cseq }: SipResponse, uri: string, routes: readonly string[]): Buffer {
  const to = (headers.get('To') ?? '').replace(/;tag=[^;]*/i, '');
  return serialise(
    newRequest({
      method: 'CANCEL',
      uri,
      headers: [
        ['Via', headers.get('Via') ?? ''],
        ...routes.map((route) => ['Route', route] as const),
        ['Max-Forwards', '70'],
        ['From', headers.get('From') ?? ''],
        ['To', to],
        ['Call-ID', callId],
        ['CSeq', `${cseq.number} CANCEL`],
      ],
    }),
  );
}

export interface OrphanOptions {
  dialogs: Dialogs;
  /** credentials for a trunk that challenges BYE */
  authorize: (trunk: string) => Authorize | undefined;
  /** to where the peer was last heard */
  send: (bytes: Buffer, target: Target) => Promise<unknown>;
  timers: Timers;
  /** it is over, or nobody can be told */
  gone: (id: string) => void;
  log: Log;
}

/** Ends dialogs of a stack that was here before. */
export function endOrphans(kept: readonly KeptDialog[], options: OrphanOptions): void {
  for (const one of kept) {
    sayLastWord(one, options);
    const orphan = restore(one, options.dialogs);
    if (orphan === undefined) options.gone(one.id);
    else new Orphan(orphan, options.authorize(one.trunk), () => options.gone(one.id));
  }
  if (kept.length > 0) options.log.warn({ dialogs: kept.length }, 'calls that were cut off are ended at their peers');
}

/** A few times: nobody answers it whom we would understand. One that came by a connection has heard that it is gone. */
function sayLastWord({ lastWord, transport, remoteHost, remotePort }: KeptDialog, options: OrphanOptions): void {
  if (lastWord === '' || transport !== 'udp') return;
  const bytes = Buffer.from(lastWord, 'base64');
  const target: Target = { transport, remote: { host: remoteHost, port: remotePort } };
  const say = (): void =>
    void options
      .send(bytes, target)
      .catch((error: unknown) => options.log.debug({ err: error }, 'a call was not ended'));
  say();
  for (const delayMs of AGAIN_MS) options.timers.after(delayMs, say);
}

/** undefined: it cannot be read, or there is no room. */
function restore(kept: KeptDialog, dialogs: Dialogs): Dialog | undefined {
  const remoteTarget = parseUri(kept.remoteTarget);
  if (remoteTarget === undefined) return undefined;
  const { callId, localTag, remoteTag, local, remote, routeSet, localCSeq, contact, transport } = kept;
  return dialogs.restore({
    ...{ callId, localTag, remoteTag, local, remote, remoteTarget, routeSet, contact },
    localCSeq: localCSeq + CSEQ_AHEAD,
    remoteCSeq: undefined,
    initiator: true,
    flow: {
      transport,
      local: { host: kept.localHost, port: kept.localPort },
      remote: { host: kept.remoteHost, port: kept.remotePort },
      // Its connection has gone with the process that had it.
      connection: 0,
    },
  });
}

class Orphan implements DialogUsage {
  readonly kind = 'invite';
  readonly over = true;
  readonly #dialog: Dialog;
  readonly #gone: () => void;

  constructor(dialog: Dialog, authorize: Authorize | undefined, gone: () => void) {
    this.#dialog = dialog;
    this.#gone = gone;
    dialog.attach(this);
    const headers = [['Reason', q850Reason(CAUSE)]] as const;
    const done = (): void => {
      dialog.detach(this);
      this.destroyed();
    };
    dialog.send('BYE', { headers, authorize }, { final: done, failed: done });
  }

  /** The peer hangs up at this moment; whatever else it wants has nobody to do it. */
  request(transaction: ServerTransaction): boolean {
    if (transaction.request.method !== 'BYE') return false;
    transaction.respond(transaction.response(200));
    return true;
  }

  destroyed(): void {
    if (this.#dialog.state === 'ended') this.#gone();
  }
}
