// What the pages need of the services. http/ and realtime/ know these interfaces alone; main.ts hands in what implements
// them. Each may throw AppError; a thing that does not exist is the *_not_found of its kind.
import type {
  Agent,
  AgentMessage,
  AgentStateRequest,
  AgentToday,
  Calendar,
  Call,
  CallAction,
  CallNote,
  CallNotePut,
  Counter,
  DialDigits,
  DialledNumber,
  ErrorDetail,
  ExportFormat,
  ExchangeCall,
  ExchangeCallCreate,
  ExchangePhone,
  FlowDefinition,
  FlowDryRun,
  FlowDryRunResult,
  FlowNodeKind,
  FlowTestCall,
  FlowTrace,
  KeyRotation,
  Language,
  LiveEvents,
  MissedCall,
  NumberInfo,
  OutgoingMail,
  PhoneBehaviour,
  PhonePlay,
  Prompt,
  PromptUse,
  QueueStatus,
  QueueWaiting,
  RouteTry,
  RouteTryResult,
  RecordingAccess,
  RecordingAction,
  RecordingAlarm,
  RecordingCondition,
  RecordingKey,
  RecordingPeaks,
  RetentionRun,
  ShownNumbers,
  SipTrunkStatus,
  Span,
  SpanAlarmRequest,
  SpanDchannelRequest,
  SpanRestartRequest,
  SpeedDial,
  Station,
  SuperviseAction,
  SystemInfo,
  TickStatistics,
  Verification,
  VoiceMessage,
  VoiceMessageState,
  VoicemailBox,
  VoicemailBoxCreate,
  VoicemailBoxPatch,
} from '../contract/index.js';
import type { Calendars, ZoneClock } from '../calendar/index.js';
import type { Readable } from 'node:stream';
import type { CallNoteQuery, FoundRecording } from '../db/index.js';
import type { EventSource } from '../platform/index.js';

export interface CallsPort {
  /** Every live call, oldest first. */
  live(): Call[];
  find(id: string): Call | undefined;
  /** call_not_found, not_in_call, call_wrong_state, number_leads_nowhere, flow_not_found */
  act(id: string, station: number, action: CallAction): Promise<Call>;
  /** Rings a telephone, and calls the number when it is lifted: number_leads_nowhere, line_refused, line_unknown */
  originate(station: number, number: string): Promise<Call>;
  /** Rings a telephone that is to have a parked call: call_not_found, call_wrong_state, line_refused, line_unknown */
  takeParkedAt(id: string, station: number): Promise<Call>;
  /** call_not_found, not_in_call, call_wrong_state, station_not_found */
  supervise(id: string, action: SuperviseAction, by: string): Promise<Call>;
  /** call_not_found, recording_wrong_state, recording_not_stopped, recording_not_started */
  record(callId: string, action: RecordingAction, by: string): Promise<RecordingCondition>;
  recordingOf(callId: string): RecordingCondition | undefined;
}

/** recording/'s archive */
export interface RecordingsPort {
  /** recording_not_found */
  find(id: string): Promise<FoundRecording>;
  /** recording_not_found, recording_damaged, recording_key_missing */
  read(found: FoundRecording): Promise<AudioSource>;
  peaks(found: FoundRecording): Promise<RecordingPeaks>;
  /** export_busy, export_failed */
  export(
    found: FoundRecording,
    format: Exclude<ExportFormat, 'wav'>,
  ): Promise<{ body: Readable; type: string; ending: string }>;
  note(recordingId: string, what: RecordingAccess['what'], reader: Reader, detail?: string): Promise<void>;
  setHold(found: FoundRecording, held: boolean, reason: string, reader: Reader): Promise<void>;
  /** recording_held, recording_in_progress */
  remove(id: string, reason: string, reader: Reader): Promise<void>;
  retain(dryRun: boolean, by?: string): Promise<RetentionRun>;
  verify(): Promise<Verification>;
  keys(): RecordingKey[];
  rotateKeys(): Promise<KeyRotation>;
  alarms(): RecordingAlarm[];
}
export interface MailPort {
  /** mail_not_set_up */
  test(to: string, language: Language, by: string): Promise<OutgoingMail>;
  /** mail_not_found */
  retry(id: string): Promise<OutgoingMail>;
}

/** Errors: voicemail_box_not_found, voicemail_box_exists, voicemail_box_full, voice_message_not_found */
export interface VoicemailPort {
  boxes(): Promise<VoicemailBox[]>;
  box(id: string): Promise<{ agents: readonly string[]; queueId: string | null }>;
  create(box: VoicemailBoxCreate): Promise<VoicemailBox>;
  change(id: string, patch: VoicemailBoxPatch): Promise<VoicemailBox>;
  removeBox(id: string): Promise<void>;
  messages(boxId: string): Promise<VoiceMessage[]>;
  find(id: string): Promise<VoiceMessage>;
  open(id: string): Promise<AudioSource>;
  setState(id: string, state: VoiceMessageState, by: string): Promise<VoiceMessage>;
  forward(id: string, to: string, by: string): Promise<VoiceMessage>;
  remove(id: string): Promise<void>;
}

export interface Reader {
  by: string;
  from: string;
}
export interface AudioSource {
  readonly bytes: number;
  read(start: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

export interface AgentsPort {
  /** Every agent with his state of now, by number. */
  list(): Agent[];
  find(id: string): Agent | undefined;
  /** agent_not_found, agent_signed_out, reason_not_found, disposition_required; in a call: after it */
  setState(id: string, request: AgentStateRequest, who: AskedBy): Promise<Agent>;
  /** not_in_wrap_up, wrap_up_at_limit */
  extendWrapUp(id: string, byMs: number): Promise<Agent>;
  /** agent_not_in_queue */
  setQueueActive(id: string, queueId: string, active: boolean): Promise<Agent>;
}

/** `forced`: a supervisor asks, and not the agent */
export interface AskedBy {
  by: string;
  forced: boolean;
}

export interface DeskPort {
  /** agent_not_found, agent_busy, station_not_found, station_taken */
  signIn(id: string, station: number, who: AskedBy): Promise<Agent>;
  /** agent_not_found */
  setPin(id: string, pin: string | null): Promise<void>;
  message(message: AgentMessage): void;
  today(id: string): Promise<AgentToday>;
  missed(id: string): Promise<MissedCall[]>;
  lastDialled(id: string): Promise<DialledNumber[]>;
  shownNumbers(id: string): Promise<ShownNumbers>;
  /** shown_number_not_allowed */
  showNumber(id: string, number: string | null): Promise<ShownNumbers>;
  /** null: of everybody */
  speedDials(id: string | null): Promise<SpeedDial[]>;
  putSpeedDial(one: SpeedDial): Promise<SpeedDial>;
  /** speed_dial_not_found */
  removeSpeedDial(id: string | null, slot: string): Promise<void>;
  notes(query: CallNoteQuery): Promise<CallNote[]>;
  notesOf(callId: string): Promise<CallNote[]>;
  /** call_not_found, call_not_yours, disposition_not_found, note_required */
  putNote(callId: string, agentId: string, note: CallNotePut): Promise<CallNote>;
}

export interface QueuesPort {
  /** Every queue as it stands now, by id. */
  list(): QueueStatus[];
  /** Its calls, first the one that is due first. */
  waiting(id: string): QueueWaiting[];
}

export interface FlowsPort {
  /**
   * Checks a flow as somebody wrote it. Problems, in the language asked for, name the node and the field; none: `definition` is
   * the flow with its defaults. `id`: of the flow that it is to become.
   */
  validate(definition: unknown, language: Language, id?: string): Promise<FlowVerdict>;
  kinds(): FlowNodeKind[];
  /** of a call, live or stored */
  traces(callId: string): Promise<FlowTrace[]>;
  /** flow_invalid, flow_node_not_found */
  dryRun(request: FlowDryRun, language: Language): Promise<FlowDryRunResult>;
  /** The number to call for a test; flow_draft_not_found, flow_not_found, flow_invalid, flow_node_not_found. */
  expectCall(id: string, request: FlowTestCall, language: Language): Promise<string>;
  /** who plays a prompt */
  usesOf(prompt: string): Promise<PromptUse[]>;
}
export type FlowVerdict =
  | { ok: true; definition: FlowDefinition; warnings: ErrorDetail[] }
  | { ok: false; problems: ErrorDetail[]; warnings: ErrorDetail[] };

/** prompt_not_found, prompt_invalid */
export interface PromptsPort {
  list(): Promise<Prompt[]>;
  /** where the sound is */
  file(name: string, language: Language): Promise<string>;
  upload(name: string, language: Language, bytes: Buffer, by: string): Promise<Prompt>;
  speak(name: string, language: Language, text: string, by: string): Promise<Prompt>;
  remove(name: string, language: Language): Promise<void>;
  /** whether the name is gone when the own one of this language is */
  lastOf(name: string, language: Language): Promise<boolean>;
}

export interface EnginePort {
  /** The box's own E1 (not those of the exchange simulator), by number. */
  spans(): Promise<Span[]>;
  stations(): Promise<Station[]>;
  /** engine_closed when it does not run */
  statistics(): Promise<{ tick: TickStatistics; counters: Counter[] }>;
  /** How the disk does that recordings are written to. */
  recordingDisk(): SystemInfo['recordings'];
  /** For people; its form may change. */
  dump(): Promise<string>;
}

export interface ExchangePort {
  /** span_not_found, span_busy, clip_not_found */
  place(request: ExchangeCallCreate): Promise<ExchangeCall>;
  /** Newest first; those released stay for a while. */
  calls(): ExchangeCall[];
  find(id: string): ExchangeCall | undefined;
  /** exchange_call_not_found */
  hangUp(id: string): Promise<ExchangeCall>;
  /** exchange_call_not_found; resolves when the last digit was sent */
  sendDigits(id: string, digits: DialDigits): Promise<void>;
  phones(): ExchangePhone[];
  /** The rest: station_not_found, phone_wrong_state. */
  lift(station: number): Promise<ExchangePhone>;
  hangUpPhone(station: number): Promise<ExchangePhone>;
  flash(station: number): Promise<ExchangePhone>;
  dial(station: number, digits: DialDigits): Promise<ExchangePhone>;
  play(station: number, request: PhonePlay): Promise<ExchangePhone>;
  setBehaviour(station: number, behaviour: PhoneBehaviour): Promise<ExchangePhone>;
  /** span_not_found */
  setAlarm(span: number, request: SpanAlarmRequest): Promise<void>;
  cutDchannel(span: number, request: SpanDchannelRequest): Promise<void>;
  restart(span: number, request: SpanRestartRequest): Promise<void>;
}

/** undefined: not by this transport */
export interface SipListening {
  port: number;
  tlsPort: number | undefined;
  wsPort?: number | undefined;
  wssPort?: number | undefined;
}

export interface SipPort {
  /** where it listens, whatever the settings say; undefined: it does not run now */
  listening(): SipListening | undefined;
  /** Resolves when what was changed in the tables until now is in force. */
  applied(): Promise<void>;
  /** of those that are switched on, as far as anything is known */
  trunks(): readonly SipTrunkStatus[];
}

export interface RoutingPort {
  calendars: Calendars & {
    readonly zone: ZoneClock;
    list(): Calendar[];
    find(id: string): Calendar | undefined;
    /** Resolves when every change that was committed before is in force. */
    applied(): Promise<void>;
  };
  lists: { applied(): Promise<void> };
  /** As it is dialled in the country. */
  normalise(number: string): string;
  numberInfo(number: string): NumberInfo;
  tryRoute(request: RouteTry, language: Language): Promise<RouteTryResult>;
}

export interface Ports {
  routing: RoutingPort;
  calls: CallsPort;
  agents: AgentsPort;
  desk: DeskPort;
  queues: QueuesPort;
  flows: FlowsPort;
  prompts: PromptsPort;
  engine: EnginePort;
  recordings: RecordingsPort;
  mail: MailPort;
  voicemail: VoicemailPort;
  exchange: ExchangePort;
  sip: SipPort;
  /** Everything that changes on a live page; realtime/ coalesces it and decides who hears what. */
  live: EventSource<LiveEvents>;
}
