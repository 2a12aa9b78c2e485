// What is stored, as plain data. Times are ms since 1970 UTC, durations ms; null: not known or not yet.
import type {
  AgentState,
  CalendarCondition,
  CallDirection,
  CallerTreatment,
  CallState,
  CallerIdHeader,
  DiversionHeader,
  CallerIdPolicy,
  DigestAlgorithm,
  DtmfMode,
  FlowDefinition,
  JsonObject,
  JsonValue,
  Language,
  NumberClass,
  NumberFormat,
  NumberOrigin,
  NumberRule,
  NoAnswerRule,
  QueueAnnouncements,
  QueueExit,
  QueueRouting,
  QueueStrategy,
  QueueTarget,
  RecordingState,
  ReleasedBy,
  RingStrategy,
  RouteTarget,
  SegmentKind,
  SipCodec,
  SipSecurity,
  SrtpPolicy,
  TraceStep,
  TrunkHost,
  LineHunt,
  TrunkKind,
  TrunkMode,
} from '../contract/index.js';

export interface UserRow {
  id: string;
  username: string;
  passwordHash: string;
  /** id of a role */
  role: string;
  language: Language;
  /** the agent this user is, if any */
  agentId: string | null;
  createdAt: number;
}

export interface SessionRow {
  id: string;
  /** SHA-256 of the token, hexadecimal */
  tokenHash: string;
  userId: string;
  createdAt: number;
  expiresAt: number;
  userAgent?: string | null;
  address?: string | null;
  /** null: since it began */
  lastSeenAt?: number | null;
}

export interface FlowRow {
  id: string;
  name: string;
  definition: FlowDefinition;
  version: number;
  updatedAt: number;
}

/** What is being worked on; need not hold together. */
export interface FlowDraftRow {
  /** of the flow, which may not be live yet */
  id: string;
  name: string;
  definition: JsonValue;
  /** version in force when it was begun; 0: none */
  basedOn: number;
  updatedAt: number;
  updatedBy: string;
}

/** Every version that went live. */
export interface FlowVersionRow {
  id: string;
  flowId: string;
  version: number;
  name: string;
  definition: FlowDefinition;
  note: string;
  createdAt: number;
  createdBy: string;
}

/** The way of a caller through a flow. */
export interface FlowTraceRow {
  id: string;
  callId: string;
  flowId: string;
  /** 0: a draft */
  version: number;
  startedAt: number;
  endedAt: number;
  steps: TraceStep[];
  dropped: number;
}

/** A temporary announcement that flows play while it is on. */
export interface AnnouncementRow {
  id: string;
  /** '': nobody has given it one */
  name: string;
  active: boolean;
  prompts: string[];
  /** null: until somebody switches it off */
  until: number | null;
  updatedAt: number;
  updatedBy: string;
}

export interface RouteRow {
  id: string;
  name: string;
  /** a pattern; '': any */
  calledNumber: string;
  callingNumber: string;
  callingList: string | null;
  trunk: string | null;
  calendar: CalendarCondition | null;
  priority: number;
  language: Language;
  enabled: boolean;
  /** of the target, when that is a flow */
  flowId: string | null;
  target: RouteTarget;
}

export interface QueueRow {
  id: string;
  name: string;
  strategy: QueueStrategy;
  ringTimeoutMs: number;
  wrapUpMs: number;
  maxWaitMs: number;
  serviceLevelMs: number;
  /** a prompt's name; null: the bundled music */
  music: string | null;
  wrapUpMode: 'timed' | 'manual' | 'untilDisposition';
  /** 0: none */
  wrapUpLimitMs: number;
  /** 0: any number of calls may wait */
  maxLength: number;
  shortAbandonMs: number;
  routing: QueueRouting;
  overflow: QueueTarget;
  noAnswer: NoAnswerRule;
  announcements: QueueAnnouncements;
  exits: QueueExit[];
}

/** An agent in a queue. */
export interface QueueMemberRow {
  agentId: string;
  queueId: string;
  position: number;
  penalty: number;
  weight: number;
}

export interface AgentSkillRow {
  agentId: string;
  skill: string;
  level: number;
}

/** A region or a level of customers that an agent serves. */
export interface AgentScopeRow {
  agentId: string;
  kind: 'region' | 'customerLevel';
  value: string;
}

export interface AgentRow {
  /** his number */
  id: string;
  name: string;
  /** kept as rows of queueMembers; by id */
  queues: string[];
  language: Language;
}

/** The state an agent is in now; restored at start. */
export interface AgentStateRow {
  agentId: string;
  state: AgentState;
  reason: string | null;
  station: number | null;
  since: number;
  /** what is needed besides to put him back to it */
  detail?: AgentStateDetail | null | undefined;
}

export interface AgentStateDetail {
  changedBy: string | null;
  forced: boolean;
  /** in wrap-up: of which call, and until when by the wall clock; null: until he says so */
  wrapUp: WrapUpDetail | null;
  /** what he is after the call that he is in */
  after: {
    state: 'notReady' | 'signedOut' | 'ready';
    reason: string | null;
    by: string | null;
    forced: boolean;
    asked: boolean;
  } | null;
}

export interface WrapUpDetail {
  callId: string;
  queueId: string;
  mode: 'timed' | 'manual' | 'untilDisposition';
  endsAt: number | null;
  /** however often it is made longer */
  limitAt: number | null;
}

/** A piece of an agent's day. */
export interface AgentSegmentRow {
  id: string;
  agentId: string;
  state: AgentState;
  reason: string | null;
  station: number | null;
  startedAt: number;
  endedAt: number | null;
  /** null: it came from a call */
  changedBy: string | null;
  forced: boolean;
  /** of wrap-up: of which call; for reports, and not told */
  callId?: string | null | undefined;
}

export interface CallRow {
  id: string;
  direction: CallDirection;
  state: CallState;
  startedAt: number;
  answeredAt: number | null;
  endedAt: number | null;
  callingNumber: string;
  callingName: string;
  calledNumber: string;
  /** of the one who is outside */
  origin: NumberOrigin | null;
  /** what the lists say of the caller */
  treatment: CallerTreatment | null;
  span: number;
  timeslot: number;
  flowId: string | null;
  queueId: string | null;
  agentId: string | null;
  digits: string;
  cause: number | null;
  releasedBy: ReleasedBy | null;
}

/** A piece of a call's life. */
export interface SegmentRow {
  id: string;
  callId: string;
  kind: SegmentKind;
  startedAt: number;
  endedAt: number | null;
  data: JsonObject;
}

export interface RecordingRow {
  id: string;
  callId: string;
  /** relative to the recordings folder, with / */
  path: string;
  startedAt: number;
  endedAt: number | null;
  durationMs: number;
  bytes: number;
  /** silence put in where the disk was too slow */
  lostMs: number;
  state: RecordingState;
}

/** How well one leg of a call over IP was heard (RFC 3550, RFC 3611): from its stream's beginning to its end. */
export interface StreamRow {
  id: string;
  callId: string;
  /** whose leg it was */
  role: Exclude<ReleasedBy, 'system' | 'fault'>;
  station: number | null;
  trunk: string | null;
  /** what was sent; 'PCMA' */
  codec: string;
  /** SRTP */
  encrypted: boolean;
  startedAt: number;
  endedAt: number;
  packetsSent: number;
  packetsReceived: number;
  /** packets that never came */
  lost: number;
  /** packets that came after their time */
  late: number;
  /** RFC 3550 A.8 */
  jitterMs: number;
  /** delay of the jitter buffer at the end */
  bufferMs: number;
  /** spoken in place of what was lost or late */
  concealedMs: number;
  /** by RTCP */
  roundTripMs: number | null;
  /** as the other side says; null: it has not said */
  remoteLost: number | null;
  remoteJitterMs: number | null;
  /** estimates by the E-model (G.107), 1 to 4.5: of what came, and of what the other side hears */
  mosReceived: number | null;
  mosSent: number | null;
}

/** Account of a SIP telephone. */
export interface SipStationRow {
  /** from 1000 */
  number: number;
  name: string;
  language: Language;
  /** what the digests were made with */
  realm: string;
  /** MD5 of number:realm:secret, hexadecimal (RFC 7616 3.4.2); the secret itself is not stored */
  ha1Md5: string;
  /** the same with SHA-256 */
  ha1Sha256: string;
  security: SipSecurity;
  srtp: SrtpPolicy;
  codecs: SipCodec[];
  dtmf: DtmfMode;
  digest: DigestAlgorithm[];
  maxContacts: number;
  maxCalls: number;
  /** shown to those outside; '': the trunk's */
  callingNumber: string;
  allowedClasses: NumberClass[];
  enabled: boolean;
  createdAt: number;
}

/** A way out, of either kind; what belongs to the other kind has its default and means nothing. */
export interface TrunkRow {
  id: string;
  name: string;
  kind: TrunkKind;
  /** e1: searched in this order */
  spans: number[];
  /** fxo: ports */
  lines: number[];
  hunt: LineHunt;
  /** dialled on the line before each number */
  dialPrefix: string;
  /** called number of calls in; '': nobody can call in */
  lineNumber: string;
  mode: TrunkMode;
  hosts: TrunkHost[];
  username: string;
  /** as the carrier gave it: a client cannot do with a digest of it */
  secret: string;
  fromUser: string;
  fromDomain: string;
  /** seconds */
  expiresS: number;
  codecs: SipCodec[];
  dtmf: DtmfMode;
  srtp: SrtpPolicy;
  /** SHA-256 with colons; '': the certificate must be signed by somebody we trust */
  tlsFingerprint: string;
  /** addresses and networks whose calls are this trunk's; empty: those of its hosts */
  sources: string[];
  maxCalls: number;
  /** seconds; 0: never */
  optionsIntervalS: number;
  numberRulesIn: NumberRule[];
  numberRulesOut: NumberRule[];
  callerRulesIn: NumberRule[];
  numberFormat: NumberFormat;
  callerId: CallerIdPolicy;
  fixedNumber: string;
  callerIdHeader: CallerIdHeader;
  diversionHeader: DiversionHeader;
  /** calls that are put through over it again are handed to the carrier */
  refer: boolean;
  enabled: boolean;
}

export interface OutboundRouteRow {
  id: string;
  name: string;
  pattern: string;
  /** of routes with the same pattern, the lowest is tried first */
  priority: number;
  /** ids, tried in this order */
  trunks: string[];
  strip: number;
  prepend: string;
  /** of routes with the same pattern and priority, the lowest is tried first */
  cost: number;
  calendar: CalendarCondition | null;
  /** shown in place of the telephone's own; '': that */
  callingNumber: string;
  emergency: boolean;
  enabled: boolean;
}

export interface RingGroupRow {
  number: number;
  name: string;
  stations: number[];
  strategy: RingStrategy;
  ringTimeoutMs: number;
}

/** Where a SIP telephone can be reached (RFC 3261 10); kept over a restart. */
export interface SipBindingRow {
  stationNumber: number;
  /** place among those of the station, from 0 */
  position: number;
  contact: string;
  /** topmost first (RFC 3327) */
  path: string[];
  /** +sip.instance; '': none (RFC 5626 4.1) */
  instance: string;
  /** reg-id; 0: none (RFC 5626 4.2) */
  regId: number;
  receivedHost: string;
  receivedPort: number;
  transport: string;
  callId: string;
  cseq: number;
  expiresAt: number;
  /** 0 to 1000 */
  q: number;
  userAgent: string;
}

/** An address that is not listened to. */
export interface SipBanRow {
  /** an IPv4 address, an IPv6 one or its network */
  address: string;
  reason: string;
  since: number;
  until: number;
  /** how often it was banned */
  count: number;
}

/** A dialog of SIP that is to be ended with BYE should the daemon be killed. */
export interface SipDialogRow {
  /** Call-ID and tags */
  id: string;
  since: number;
  /** what a BYE is made of; sip/ knows */
  state: JsonObject;
}
