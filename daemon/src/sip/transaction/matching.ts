// Which transaction a message belongs to (RFC 3261 17.1.3, 17.2.3). Parts of a key are joined by a line feed, which no header holds.
import type { SipRequest, Via } from '../message/index.js';

/** What branches of RFC 3261 begin with; others are not unique by themselves. */
export const MAGIC_COOKIE = 'z9hG4bK';

function modernBranch(via: Via): string | undefined {
  const branch = via.params.get('branch');
  return typeof branch === 'string' && branch.startsWith(MAGIC_COOKIE) && branch.length > MAGIC_COOKIE.length
    ? branch
    : undefined;
}

/**
 * Key of the server transaction that a request makes or belongs to; `method` is INVITE for an ACK or CANCEL that looks for the INVITE.
 * undefined: no Via.
 */
export function serverKey(request: SipRequest, method = request.method): string | undefined {
  const via = request.vias[0];
  if (via === undefined) return undefined;
  return viaKey(via, method) ?? oldKey(request, method, request.toTag ?? '');
}

/** The same by the topmost Via alone; undefined: it is of an RFC 2543 client. */
export function viaKey(via: Via, method: string): string | undefined {
  const branch = modernBranch(via);
  return branch === undefined ? undefined : `${branch}\n${via.host}:${via.port ?? ''}\n${method}`;
}

/**
 * RFC 2543 clients: Request-URI, tags, Call-ID, CSeq number and topmost Via tell (17.2.3). `toTag` is that of the request, but of
 * an ACK to a non-2xx answer it is that of the answer.
 */
function oldKey(request: SipRequest, method: string, toTag: string): string {
  const { uriText, fromTag, callId, cseq } = request;
  const via = request.headers.list('Via')[0] ?? '';
  return [uriText, toTag, fromTag ?? '', callId, cseq.number, method, via].join('\n');
}

/** Key by which the ACK of an RFC 2543 client finds its INVITE; undefined: the branch tells. */
export function oldAckKey(invite: SipRequest, answerToTag: string): string | undefined {
  const via = invite.vias[0];
  if (via === undefined || modernBranch(via) !== undefined) return undefined;
  return oldKey(invite, 'ACK', answerToTag);
}

/** What two copies of one request share that came by different ways, RFC 3261 8.2.2.2. Only for requests without a tag in To. */
export function mergeKey(request: Pick<SipRequest, 'fromTag' | 'callId' | 'cseq'>): string {
  const { fromTag, callId, cseq } = request;
  return `${callId}\n${fromTag ?? ''}\n${cseq.number} ${cseq.method}`;
}

/** Key of a client transaction. */
export function clientKey(branch: string, method: string): string {
  return `${branch}\n${method}`;
}
