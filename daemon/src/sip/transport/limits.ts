// What peers may take of us. A phone or a trunk that works as it should never meets these.

export const transportLimits = {
  /** connections that others opened; of a phone that registers by tcp, tls or wss there is one */
  connectionsIn: 5_000,
  /** connections that others opened, from one address or one IPv6 /64: a branch office behind its NAT */
  connectionsPerAddress: 256,
  /**
   * WebSockets of pages, apart from the others: whoever has one has signed in and has a few at most, so a whole office may come from one address, and
   * a flood of strangers takes none of their room
   */
  connectionsOfPages: 5_000,
  /** connections that we opened; apart from the others, so that a flood does not keep us from calling out */
  connectionsOut: 1_000,
  /** of those, to one address or /64; a carrier needs one, and a peer that has answers sent to a new connection names the port */
  connectionsOutPerAddress: 64,
  /** of those, for answers whose connection has gone; the rest is for requests of ours */
  connectionsForAnswers: 250,
  /** ms from accepting a connection to its first whole message, with all handshakes */
  firstMessageMs: 10_000,
  /** ms from the first byte of a message to its last (slow loris) */
  messageMs: 10_000,
  /** ms without a message on a connection that nobody keeps */
  idleMs: 600_000,
  /** ms for connecting, TLS handshake included; the next target is to be tried soon (RFC 3263 clause 4.3) */
  connectMs: 4_000,
  /** the same for a large request that could go by UDP as well: few phones have TCP, and a NAT drops it silently */
  connectInsteadOfUdpMs: 1_000,
  /** messages that wait for one connection to be made */
  waitingForConnection: 500,
  /** bytes that one peer has not read; then its connection is closed */
  pendingBytesOut: 262_144,
  /** the same for all peers together; beyond, those who have most pending are closed */
  pendingBytesOutInAll: 67_108_864,
  /** bytes of messages that are half there, of all connections; who adds more is closed */
  pendingBytesInInAll: 33_554_432,
  /** ms that a peer with bytes pending reads nothing; then its connection is closed */
  stalledMs: 20_000,
  /** bytes that the kernel did not take from a UDP socket; what is sent beyond is dropped */
  pendingBytesUdp: 8_388_608,
  /** ms between pings to a WebSocket that says nothing; proxies drop what is silent for a minute */
  webSocketPingMs: 25_000,
  /** ms without a sign of life of a WebSocket */
  webSocketSilentMs: 75_000,
  /** ms that a closed connection has for its last bytes */
  closingMs: 500,
  /** how often time-outs of connections are looked at */
  sweepMs: 1_000,
  /** messages of connections in one turn of the event loop; then timers and datagrams have theirs */
  turnMessages: 64,
  /** of those, messages of one connection before the next one has its turn */
  turnMessagesOfConnection: 8,
  /** bytes; requests over this go by TCP where the peer has it (RFC 3261 clause 18.1.1) */
  largeRequestBytes: 1_300,
  /** ms that a peer is remembered to have no TCP, and how many such peers */
  noTcpMs: 600_000,
  noTcpPeers: 1_000,
  /** bytes of the kernel's buffers of a UDP socket; half a second of a flood while we are busy. The kernel may give less */
  udpReceiveBytes: 4_194_304,
  udpSendBytes: 1_048_576,
  /** bytes of the head of an HTTP request that becomes a WebSocket */
  upgradeHeadBytes: 8_192,
  /** frames that one WebSocket message may come in */
  webSocketFragments: 64,
} as const;

export type TransportLimits = { readonly [Name in keyof typeof transportLimits]: number };
