// Calls of a stack of ours with a peer that a test plays by hand, at the points where most tests begin.
import type { OutgoingCall } from '../../daemon/src/sip/dialog/index.js';
import { A, B, stackAndPeer, type StackOptions } from './sip-wire-stack.js';

type Bench = ReturnType<typeof stackAndPeer>;
type RequestParts = NonNullable<Parameters<Bench['request']>[1]>;

/** An INVITE of the peer that has come to us. */
export async function invited(
  parts: { headers?: [string, string][]; sdp?: string | undefined } = {},
  options: StackOptions = {},
) {
  const bench = stackAndPeer(options);
  const sdp = 'sdp' in parts ? parts.sdp : 'peer offer';
  await bench.request('INVITE', {
    branch: 'z9hG4bKinvite',
    ...(parts.headers === undefined ? {} : { headers: parts.headers }),
    ...(sdp === undefined ? {} : { sdp }),
  });
  const call = bench.stack.incoming[0];
  const to = (): string => bench.lastResponse('INVITE').headers.get('To') ?? '';
  /** A request of the peer's in the dialog, when our answers have reached it. */
  const inDialog = async (method: string, more: RequestParts = {}): Promise<void> => {
    await bench.advance(10);
    await bench.request(method, { to: to(), cseq: 2, ...more });
  };
  const ack = (sdpOfAck?: string): Promise<void> =>
    inDialog('ACK', { cseq: 1, ...(sdpOfAck === undefined ? {} : { sdp: sdpOfAck }) });
  return { ...bench, call: call!, inDialog, ack };
}

/** ms at which each message of that name left us. */
export function sentAt({ wire }: Pick<Bench, 'wire'>, name: string): number[] {
  return wire.named(name, A).map((packet) => packet.sentMs);
}

/** A call of ours whose INVITE has reached the peer. */
export async function calling(options: Partial<OutgoingCall> = {}, stackOptions: StackOptions = {}) {
  const bench = stackAndPeer(stackOptions);
  const call = bench.stack.call(B, options);
  await bench.advance(10);
  const invite = bench.got('INVITE');
  return { ...bench, call, invite };
}

/** A call of ours that the peer has answered; `request` is of the peer's in its dialog. */
export async function inCall(options: { stack?: StackOptions; headers?: [string, string][] } = {}) {
  const bench = await calling({}, options.stack);
  const { call, invite } = bench;
  await bench.answer(invite, 200, { sdp: 'peer answer', headers: options.headers ?? [] });
  const dialog = { callId: invite.callId, to: invite.headers.get('From')!, from: `<sip:someone@${B}>;tag=peer` };
  const request = (method: string, parts: RequestParts = {}): Promise<void> =>
    bench.request(method, { ...dialog, ...parts });
  call.events.length = call.media.log.length = bench.peer.received.length = 0;
  return { ...bench, request };
}

/** A call of ours that the peer has answered; its requests number themselves. */
export async function numbered() {
  const bench = await inCall();
  let cseq = 0;
  const request = (method: string, parts: Parameters<typeof bench.request>[1] = {}): Promise<void> =>
    bench.request(method, { cseq: ++cseq, ...parts });
  const answerNext = async (method: string, status: number): Promise<void> =>
    bench.answer(await bench.next(method), status);
  return { ...bench, request, answerNext };
}

/** Headers of a provisional answer that wants a PRACK. */
export function reliably(rseq: number): [string, string][] {
  return [
    ['Require', '100rel'],
    ['RSeq', String(rseq)],
  ];
}
