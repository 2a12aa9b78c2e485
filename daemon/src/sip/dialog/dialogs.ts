// The dialogs of a stack: made, found by Call-ID and tags, counted, and looked through for those that a Replaces header means.
import type { SipRequest, SipResponse, SipUri } from '../message/index.js';
import type { ServerTransaction } from '../transaction/index.js';
import type { Flow } from '../transport/index.js';
import type { DialogContext } from './context.js';
import { contactOf, Dialog, routeSetOfAnswer, type DialogOptions } from './dialog.js';
import { parseReplaces } from './replaces.js';

/** What a Replaces header came to: the dialog, or the status that refuses the INVITE (RFC 3891 clause 3). */
export type ReplacesMatch = { dialog: Dialog } | { status: 400 | 481 | 486 | 603 };

export class Dialogs {
  readonly context: DialogContext;
  readonly #dialogs = new Map<string, Dialog>();
  readonly #remove = (dialog: Dialog): void => {
    this.#dialogs.delete(keyOf(dialog.callId, dialog.localTag, dialog.remoteTag));
  };

  constructor(context: DialogContext) {
    this.context = context;
  }

  get size(): number {
    return this.#dialogs.size;
  }

  /** No room for another. */
  get full(): boolean {
    return this.#dialogs.size >= this.context.limits.dialogs;
  }

  /** As UAS (RFC 3261 12.1.1). undefined: no room, no Contact that a request can be sent to, or too long a way. */
  fromRequest(transaction: ServerTransaction, contact: string): Dialog | undefined {
    const { request, flow, toTag } = transaction;
    const { headers, callId, fromTag = '', cseq } = request;
    const remoteTarget = contactOf(request) ?? senderOf(request, flow);
    if (remoteTarget === undefined) return undefined;
    return this.#make({
      callId,
      localTag: toTag,
      remoteTag: fromTag,
      local: `${headers.get('To') ?? ''};tag=${toTag}`,
      remote: headers.get('From') ?? '',
      remoteTarget,
      routeSet: headers.list('Record-Route'),
      localCSeq: 0,
      remoteCSeq: cseq.number,
      contact,
      initiator: false,
      flow,
    });
  }

  /**
   * As UAC (12.1.2), of a provisional or final answer with a tag in To. An answer without a Contact is taken to come from where the
   * request went: some gateways send their ringing so. undefined: no room, no tag, or too long a way.
   */
  fromResponse(request: SipRequest, response: SipResponse, flow: Flow, contact: string): Dialog | undefined {
    const { toTag, headers } = response;
    if (toTag === undefined || request.fromTag === undefined) return undefined;
    return this.#make({
      callId: request.callId,
      localTag: request.fromTag,
      remoteTag: toTag,
      local: request.headers.get('From') ?? '',
      remote: headers.get('To') ?? '',
      remoteTarget: contactOf(response) ?? request.uri,
      routeSet: routeSetOfAnswer(response),
      localCSeq: request.cseq.number,
      remoteCSeq: undefined,
      contact,
      initiator: true,
      flow,
    });
  }

  /** One of an earlier process, as it was told then. undefined: no room, or too long a way. */
  restore(options: DialogOptions): Dialog | undefined {
    const dialog = this.#make(options);
    dialog?.confirm();
    return dialog;
  }

  find(callId: string, localTag: string, remoteTag: string): Dialog | undefined {
    return this.#dialogs.get(keyOf(callId, localTag, remoteTag));
  }

  /** Takes a request with a tag in To to its dialog; 481 when there is none (RFC 3261 12.2.2). */
  request(transaction: ServerTransaction): void {
    const { callId, toTag = '', fromTag = '' } = transaction.request;
    const dialog = this.find(callId, toTag, fromTag);
    if (dialog !== undefined) {
      dialog.receive(transaction);
      return;
    }
    this.context.counters.unknown += 1;
    transaction.respond(transaction.response(481));
  }

  ack(request: SipRequest, flow: Flow): void {
    this.find(request.callId, request.toTag ?? '', request.fromTag ?? '')?.receiveAck(request, flow);
  }

  /**
   * What the Replaces header of a new INVITE means (RFC 3891 clause 3); undefined: it has none. That the sender may replace the
   * dialog is for the caller to find out.
   */
  replaced(request: SipRequest): ReplacesMatch | undefined {
    const [value, ...others] = request.headers.lines('Replaces');
    if (value === undefined) return undefined;
    const replaces = parseReplaces(value);
    if (replaces === undefined || others.length > 0 || request.headers.has('Join')) return { status: 400 };
    const { callId, toTag, fromTag, earlyOnly } = replaces;
    // Its to-tag is ours. A from-tag of 0 stands for none too, with peers of RFC 2543.
    const dialog = this.find(callId, toTag, fromTag) ?? (fromTag === '0' ? this.find(callId, toTag, '') : undefined);
    const usage = dialog?.inviteUsage;
    if (dialog === undefined || usage === undefined) return { status: 481 };
    if (usage.over) return { status: 603 };
    if (dialog.state === 'confirmed') return earlyOnly ? { status: 486 } : { dialog };
    // Of the calls that ring, only one that we made can be picked up this way.
    return dialog.initiator ? { dialog } : { status: 481 };
  }

  /** Ends every dialog as if its peer had lost it: no BYE is sent. */
  close(): void {
    for (const dialog of [...this.#dialogs.values()]) dialog.destroy(503);
  }

  #make(options: DialogOptions): Dialog | undefined {
    const { limits, counters } = this.context;
    if (options.routeSet.length > limits.routes) return undefined;
    const key = keyOf(options.callId, options.localTag, options.remoteTag);
    if (this.full || this.#dialogs.has(key)) {
      counters.noRoom += 1;
      return undefined;
    }
    const dialog = new Dialog(this.context, options, this.#remove);
    counters.made += 1;
    this.#dialogs.set(key, dialog);
    return dialog;
  }
}

/** Of a request of RFC 2543, which has no Contact: who sent it, where it came from. */
function senderOf({ from, fromTag }: SipRequest, { remote }: Flow): SipUri | undefined {
  const { uri } = from;
  if (fromTag !== undefined || uri.scheme !== 'sip') return undefined;
  return { ...uri, host: remote.host, port: remote.port, params: new Map() };
}

/** A line feed is in none of them. */
function keyOf(callId: string, localTag: string, remoteTag: string): string {
  return `${callId}\n${localTag}\n${remoteTag}`;
}
