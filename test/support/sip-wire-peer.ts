// A transaction layer at one end of the wire, and at the other a peer whose every message a test writes itself.
import {
  newRequest,
  newResponse,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../../daemon/src/sip/message/index.js';
import {
  RandomSource,
  TimerWheel,
  Transactions,
  type ServerTransaction,
  type TransactionFailure,
  type TransactionLayerOptions,
} from '../../daemon/src/sip/transaction/index.js';
import type { Flow, TransportName } from '../../daemon/src/sip/transport/index.js';
import { FakeClock } from './clock-fake.js';
import { Wire, seededBytes } from './sip-wire.js';

export const US = '192.0.2.1';
export const PEER = '192.0.2.2';

export function transactionBench(transport: TransportName = 'udp', options: Partial<TransactionLayerOptions> = {}) {
  const clock = new FakeClock();
  const wire = new Wire(clock, transport);
  const port = wire.port(US);
  const peer = wire.port(PEER);
  const wheel = new TimerWheel(clock);
  /** server transactions, as they came to the user */
  const served: ServerTransaction[] = [];
  /** what their listeners heard */
  const heard: string[] = [];
  const acks: SipRequest[] = [];
  const layer = new Transactions({
    carrier: port,
    timers: wheel,
    random: new RandomSource(seededBytes('layer')),
    user: {
      request: (transaction) => {
        served.push(transaction);
        return {
          cancelled: () => heard.push('cancelled'),
          failed: (why) => heard.push(`failed ${why}`),
          ended: () => heard.push(`ended ${clock.monotonicMs()}`),
        };
      },
      ack: (request) => acks.push(request),
    },
    ...options,
  });
  port.receiver = layer;

  /** A request of ours to the peer, with what became of it. */
  const send = (method: string, headers: [string, string][] = []) => {
    const provisionals: SipResponse[] = [];
    const finals: SipResponse[] = [];
    const events: string[] = [];
    const transaction = layer.send(ourRequest(method, headers), peer.target, {
      provisional: (response) => provisionals.push(response),
      final: (response) => finals.push(response),
      failed: (why: TransactionFailure) => events.push(`failed ${why} ${clock.monotonicMs()}`),
      ended: () => events.push(`ended ${clock.monotonicMs()}`),
    });
    return { transaction, provisionals, finals, events };
  };

  /** Lets the peer answer a request of ours that it has got. */
  const answer = async (request: SipRequest, status: number, toTag = 'peer') => {
    await peer.send(newResponse(request, status, undefined, { toTag }), port.target);
  };

  /** When each message of that name left us, ms. */
  const sentAt = (name: string): number[] => wire.named(name, US).map((packet) => packet.sentMs);
  const lastSent = (name: string): SipMessage => wire.named(name, US).at(-1)!.message;
  const flow: Flow = port.flowFrom(PEER);
  const advance = (ms: number): Promise<void> => clock.advance(ms);

  return { clock, wire, port, peer, wheel, layer, served, heard, acks, send, answer, sentAt, lastSent, flow, advance };
}

function ourRequest(method: string, headers: [string, string][]): SipRequest {
  return newRequest({
    method,
    uri: `sip:bob@${PEER}`,
    headers: [
      ['Max-Forwards', '70'],
      ['From', `<sip:alice@${US}>;tag=ours`],
      ['To', `<sip:bob@${PEER}>`],
      ['Call-ID', `call-${method}`],
      ['CSeq', `1 ${method}`],
      ...headers,
    ],
  });
}

export interface PeerRequest {
  branch?: string | undefined;
  toTag?: string | undefined;
  cseq?: number | undefined;
  callId?: string | undefined;
  /** default `;rport` */
  viaParams?: string | undefined;
  viaPort?: number | undefined;
  transport?: string | undefined;
}

/** The text of a request from the peer to us. */
export function peerRequest(method: string, options: PeerRequest = {}): string {
  const { branch = 'z9hG4bK1', toTag, cseq = 1, callId = 'peer-call', viaParams = ';rport', viaPort = 5060 } = options;
  const branchParam = branch === '' ? '' : `;branch=${branch}`;
  return [
    `${method} sip:alice@${US} SIP/2.0`,
    `Via: SIP/2.0/${options.transport ?? 'UDP'} ${PEER}:${viaPort}${branchParam}${viaParams}`,
    `Max-Forwards: 70`,
    `From: <sip:bob@${PEER}>;tag=theirs`,
    `To: <sip:alice@${US}>${toTag === undefined ? '' : `;tag=${toTag}`}`,
    `Call-ID: ${callId}`,
    `CSeq: ${cseq} ${method}`,
    `Content-Length: 0`,
    '',
    '',
  ].join('\n');
}
