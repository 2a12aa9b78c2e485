// Requests that a client transaction makes from its INVITE: they go the same hop with the same branch.
import { newRequest, type SipRequest, type SipResponse } from '../message/index.js';

/** The ACK of a final answer that is no 2xx, RFC 3261 17.1.1.3. */
export function makeAck(invite: SipRequest, response: SipResponse): SipRequest {
  return make('ACK', invite, response.headers.get('To') ?? '', []);
}

/** CANCEL, RFC 3261 9.1. `reason` is a value of the Reason header (RFC 3326). */
export function makeCancel(invite: SipRequest, reason: string | undefined): SipRequest {
  return make('CANCEL', invite, invite.headers.get('To') ?? '', reason === undefined ? [] : [['Reason', reason]]);
}

function make(method: string, invite: SipRequest, to: string, more: [string, string][]): SipRequest {
  const { headers } = invite;
  return newRequest({
    method,
    uri: invite.uriText,
    headers: [
      ['Via', headers.list('Via')[0] ?? ''],
      ...headers.lines('Route').map((route): [string, string] => ['Route', route]),
      ['Max-Forwards', '70'],
      ['From', headers.get('From') ?? ''],
      ['To', to],
      ['Call-ID', invite.callId],
      ['CSeq', `${invite.cseq.number} ${method}`],
      ...more,
    ],
  });
}
