// Rows for tests: whole and valid; a test names what matters to it.
import type {
  AgentRow,
  CallRow,
  OutboundRouteRow,
  QueueRow,
  RecordingRow,
  RingGroupRow,
  SegmentRow,
  SipBindingRow,
  SipStationRow,
  TrunkRow,
  UserRow,
} from '../../daemon/src/db/index.js';
import { QueueCreate } from '../../daemon/src/contract/index.js';
import { newUlid } from '../../daemon/src/platform/index.js';

export const T0 = 1_732_226_400_000;

export function callRow(over: Partial<CallRow> = {}): CallRow {
  return {
    id: newUlid(),
    direction: 'in',
    state: 'live',
    startedAt: T0,
    answeredAt: null,
    endedAt: null,
    callingNumber: '13800138000',
    callingName: '',
    calledNumber: '4001',
    origin: null,
    treatment: null,
    span: 1,
    timeslot: 1,
    flowId: null,
    queueId: null,
    agentId: null,
    digits: '',
    cause: null,
    releasedBy: null,
    ...over,
  };
}

export function segmentRow(callId: string, over: Partial<SegmentRow> = {}): SegmentRow {
  return { id: newUlid(), callId, kind: 'seized', startedAt: T0, endedAt: T0, data: {}, ...over };
}

export function recordingRow(callId: string, over: Partial<RecordingRow> = {}): RecordingRow {
  const id = newUlid();
  return {
    id,
    callId,
    path: `2024/11/21/${id}.wav`,
    startedAt: T0,
    endedAt: null,
    durationMs: 0,
    bytes: 0,
    lostMs: 0,
    state: 'recording',
    ...over,
  };
}

export function userRow(over: Partial<UserRow> = {}): UserRow {
  const id = newUlid();
  return {
    id,
    username: `user-${id.toLowerCase()}`,
    passwordHash: 'none',
    role: 'supervisor',
    language: 'en',
    agentId: null,
    createdAt: T0,
    ...over,
  };
}

export function agentRow(over: Partial<AgentRow> = {}): AgentRow {
  return { id: '2001', name: 'Lina', queues: [], language: 'zh-CN', ...over };
}

export function queueRow(over: Partial<QueueRow> = {}): QueueRow {
  return { ...QueueCreate.parse({ id: 'sales', name: 'Sales' }), ...over };
}

export function sipStationRow(over: Partial<SipStationRow> = {}): SipStationRow {
  return {
    number: 1001,
    name: 'Lina',
    language: 'zh-CN',
    realm: 'cordboard',
    ha1Md5: '0'.repeat(32),
    ha1Sha256: '0'.repeat(64),
    security: 'any',
    srtp: 'none',
    codecs: ['pcma', 'opus'],
    dtmf: 'auto',
    digest: ['sha256', 'md5'],
    maxContacts: 3,
    maxCalls: 4,
    callingNumber: '',
    allowedClasses: ['internal', 'emergency', 'local', 'national', 'mobile'],
    enabled: true,
    createdAt: T0,
    ...over,
  };
}

export function trunkRow(over: Partial<TrunkRow> = {}): TrunkRow {
  return {
    id: 'carrier',
    name: 'Carrier',
    kind: 'sip',
    spans: [],
    ...{ lines: [], hunt: 'order', dialPrefix: '', lineNumber: '' },
    mode: 'register',
    hosts: [{ host: 'sip.example.com', port: 0, transport: 'udp', priority: 10, weight: 10 }],
    username: '',
    secret: '',
    fromUser: '',
    fromDomain: '',
    expiresS: 600,
    codecs: ['pcma'],
    dtmf: 'auto',
    srtp: 'none',
    tlsFingerprint: '',
    sources: [],
    maxCalls: 30,
    optionsIntervalS: 30,
    numberRulesIn: [],
    numberRulesOut: [],
    callerRulesIn: [],
    numberFormat: 'dialled',
    callerId: 'pass',
    fixedNumber: '',
    callerIdHeader: 'from',
    diversionHeader: 'diversion',
    refer: false,
    enabled: true,
    ...over,
  };
}

export function outboundRouteRow(over: Partial<OutboundRouteRow> = {}): OutboundRouteRow {
  const id = newUlid();
  return {
    id,
    name: id,
    pattern: 'X.',
    priority: 100,
    trunks: ['carrier'],
    strip: 0,
    prepend: '',
    cost: 0,
    calendar: null,
    callingNumber: '',
    emergency: false,
    enabled: true,
    ...over,
  };
}

export function ringGroupRow(over: Partial<RingGroupRow> = {}): RingGroupRow {
  return { number: 7000, name: 'Sales', stations: [1001], strategy: 'all', ringTimeoutMs: 20_000, ...over };
}

export function sipBinding(over: Partial<SipBindingRow> = {}): Omit<SipBindingRow, 'stationNumber' | 'position'> {
  const {
    stationNumber: _station,
    position: _position,
    ...binding
  }: SipBindingRow = {
    stationNumber: 0,
    position: 0,
    contact: 'sip:1001@192.0.2.7:5062',
    path: [],
    instance: '',
    regId: 0,
    receivedHost: '192.0.2.7',
    receivedPort: 5062,
    transport: 'udp',
    callId: 'a84b4c76e66710',
    cseq: 1,
    expiresAt: T0 + 60_000,
    q: 1000,
    userAgent: 'Telephone 1.0',
    ...over,
  };
  return binding;
}
