// What happened, by transport. Plain numbers, since some are counted for every datagram of a flood; Metrics are brought up to
// date before a scrape.
import type { Metrics } from '../../platform/index.js';
import type { TransportName } from './types.js';

const COUNTED = {
  messagesIn: ['sip_messages_in_total', 'SIP messages that came, malformed ones too'],
  messagesOut: ['sip_messages_out_total', 'SIP messages handed to the system'],
  malformed: ['sip_malformed_total', 'Bytes that came and were no SIP message'],
  refused: ['sip_refused_total', 'SIP messages dropped unread because the guard said so'],
  strayResponses: ['sip_stray_responses_total', 'SIP responses to requests that are not ours'],
  keepAlives: ['sip_keep_alives_total', 'Keep-alives that came: CRLF, STUN, WebSocket ping'],
  sendFailures: ['sip_send_failures_total', 'SIP messages that could not be sent'],
  connectionsIn: ['sip_connections_in_total', 'Connections that peers opened'],
  connectionsOut: ['sip_connections_out_total', 'Connections that we opened to peers'],
  connectionsRefused: [
    'sip_connections_refused_total',
    'Connections of peers that were refused for a limit or by the guard',
  ],
  connectionsCut: ['sip_connections_cut_total', 'Connections that we cut for what the peer did or did not do'],
} as const;

type Counted = keyof typeof COUNTED;
export type TransportCount = Record<Counted, number>;
export type TransportCounts = Record<TransportName, TransportCount>;

const TRANSPORTS: readonly TransportName[] = ['udp', 'tcp', 'tls', 'ws', 'wss'];

function zeros(): TransportCount {
  const names = Object.keys(COUNTED) as Counted[];
  return Object.fromEntries(names.map((name) => [name, 0])) as TransportCount;
}

export function newCounts(): TransportCounts {
  return { udp: zeros(), tcp: zeros(), tls: zeros(), ws: zeros(), wss: zeros() };
}

/** Shows the counts, and how many connections there are, in every scrape. */
export function publishCounts(metrics: Metrics, counts: TransportCounts, open: (name: TransportName) => number): void {
  const shown = newCounts();
  const counters = (Object.keys(COUNTED) as Counted[]).map((name) => {
    const [metric, help] = COUNTED[name];
    return { name, counter: metrics.counter(metric, help, ['transport']) };
  });
  const connections = metrics.gauge('sip_connections', 'Connections that are open', ['transport']);
  metrics.beforeScrape(() => {
    for (const transport of TRANSPORTS) {
      for (const { name, counter } of counters) {
        counter.inc({ transport }, counts[transport][name] - shown[transport][name]);
        shown[transport][name] = counts[transport][name];
      }
      connections.set({ transport }, open(transport));
    }
  });
}
