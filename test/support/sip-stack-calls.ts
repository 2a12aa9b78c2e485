// Calls between the stack and telephones that a test plays, at the points where most tests begin.
import type { SipRequest, SipResponse } from '../../daemon/src/sip/message/index.js';
import type { StackCommands, StackEvents } from '../../daemon/src/sip/stack/index.js';
import { sdp, type PhoneDialog, type RequestParts, type SipPhone } from './sip-phone.js';
import type { StackBench } from './sip-stack-bench.js';

export const MEDIA = { rtpPort: 30_000, rtcpPort: 30_001 };

export interface CallIn {
  offered: StackEvents['call.offered'];
  call: string;
  invite: SipRequest;
}

export interface Talking {
  call: string;
  invite: SipRequest;
  answer: SipResponse;
  dialog: PhoneDialog;
}

/** A telephone or trunk calls; the box has said nothing yet but 100. */
export async function callsIn(
  bench: StackBench,
  phone: SipPhone,
  to = '1002',
  parts: RequestParts = {},
): Promise<CallIn> {
  const invite = await phone.invite(to, parts);
  const offered = await bench.next('call.offered');
  return { offered, call: offered.call, invite };
}

/** The same, answered by the box, with the ACK on its way. */
export async function inTalk(
  bench: StackBench,
  phone: SipPhone,
  to = '1002',
  parts: RequestParts = {},
): Promise<Talking> {
  const { call, invite } = await callsIn(bench, phone, to, parts);
  await bench.command('call.answer', { call });
  const answer = await phone.nextResponse('200 INVITE', invite.callId);
  const dialog = phone.dialog(invite, answer);
  dialog.send('ACK');
  await idle(phone);
  return { call, invite, answer, dialog };
}

type Dial = StackCommands['call.dial']['params'];

/** The box calls a station or over a trunk; the telephone has the INVITE. */
export async function dialled(
  bench: StackBench,
  phone: SipPhone,
  target: Dial['target'],
  over: Partial<Dial> = {},
): Promise<{ call: string; invite: SipRequest }> {
  const { call } = await bench.command('call.dial', {
    ...{ target, callingNumber: '13800138000', callingName: 'Caller', anonymous: false, media: MEDIA },
    ...over,
  });
  return { call, invite: await phone.nextRequest('INVITE') };
}

/** The same, answered by the telephone. */
export async function answered(
  bench: StackBench,
  phone: SipPhone,
  target: Dial['target'],
  headers: readonly (readonly [string, string])[] = [],
): Promise<Talking> {
  const { call, invite } = await dialled(bench, phone, target);
  const answer = phone.answer(invite, 200, { sdp: sdp(phone.port), headers });
  await phone.nextRequest('ACK', invite.callId);
  await bench.next('call.answered');
  return { call, invite, answer, dialog: phone.dialog(invite, answer) };
}

/** What the telephone has sent so far has been read. */
export async function idle(phone: SipPhone): Promise<void> {
  await phone.request('OPTIONS', { authorize: false });
}
