// long because: one list, which whoever serves the pages reads as a whole
// What the pages need of the services. http/ and realtime/ know these interfaces alone; main.ts hands in what implements
// them. Each may throw AppError; a thing that does not exist is the *_not_found of its kind.
import type {
  AnalogLine,
  CallFilter,
  Agent,
  AgentMessage,
  AgentStateRequest,
  AgentToday,
  Calendar,
  Call,
  CallAction,
  LineQuality,
  ConferenceAction,
  ConferenceInvite,
  ConferencePartyAction,
  ConferenceRecording,
  ConferenceRoom,
  ConferenceRoomCreate,
  ConferenceRoomPatch,
  ConferenceStatus,
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
  FlowCaller,
  FlowDefinition,
  FlowDryRun,
  FlowDryRunResult,
  FlowNodeKind,
  FlowTestCall,
  FlowTrace,
  KeyRotation,
  Language,
  LiveEvents,
  MusicPlaylist,
  MusicPlaylistPut,
  MissedCall,
  MissedCallDone,
  NumberInfo,
  OutgoingMail,
  PhoneBehaviour,
  PhonePlay,
  NamedPrompt,
  Prompt,
  PromptPage,
  PromptSearch,
  PromptTicket,
  PromptTicketCreate,
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
  Report,
  ReportDefinitions,
  ReportRun,
  ReportSchedule,
  ReportScheduleCreate,
  Survey,
  SurveyCreate,
  SurveyFigures,
  SurveyFiguresQuery,
  SurveyPatch,
  SurveyResultList,
  SurveyResultQuery,
  SurveyRule,
  SurveyRuleCreate,
  SurveyRulePatch,
  SystemInfo,
  TickStatistics,
  Verification,
  VoiceMessage,
  VoiceMessageState,
  Callback,
  CallbackCreate,
  VoicemailBox,
  VoicemailBoxCreate,
  VoicemailBoxPatch,
  TrunkHostAnswer,
  TrunkTestResult,
} from '../contract/index.js';
import type { WebPhonesPort } from './web-phones-port.js';
import type {
  AlertsPort,
  BoardsPort,
  BoxPort,
  DiagnosticsPort,
  NetworkPort,
  PhonesPort,
  UpdatesPort,
} from './box-ports.js';
import type { Calendars, ZoneClock } from '../calendar/index.js';
import type { Readable } from 'node:stream';
import type { CallNoteQuery, ConferenceRoomRow, FoundRecording, Writes } from '../db/index.js';
import type { EventSource, ReachFilter } from '../platform/index.js';
import type { FileFormat, MadeFile, ReportRequest } from '../reports/index.js';

export interface CallsPort {
  /** Every live call, oldest first. */
  live(): Call[];
  find(id: string): Call | undefined;
  /** Resolves when what a live call has come to is on the disk: database_busy */
  stored(id: string): Promise<void>;
  /** call_not_found, not_in_call, call_wrong_state, number_leads_nowhere, flow_not_found */
  act(id: string, station: number, action: CallAction): Promise<Call>;
  /** Rings a telephone, and calls the number when it is lifted: number_leads_nowhere, line_refused, line_unknown */
  originate(station: number, number: string, shown?: string): Promise<Call>;
  /** Rings a telephone that is to have a parked call: call_not_found, call_wrong_state, line_refused, line_unknown */
  takeParkedAt(id: string, station: number): Promise<Call>;
  /** Rings a telephone that is to have what rings at one of these: nothing_rings, line_refused, line_unknown */
  pickUpAt(station: number, from: readonly number[]): Promise<Call>;
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

/** Writes down who has changed what, in the transaction of the change. */
export type SurveyNote = (tx: Writes, id: string, states: { before?: unknown; after?: unknown }) => Promise<void>;

/** Errors: survey_not_found, survey_exists, survey_in_use, survey_rule_not_found, body_invalid */
export interface SurveysPort {
  list(): Survey[];
  get(id: string): Survey;
  create(survey: SurveyCreate, by: string, note: SurveyNote): Promise<Survey>;
  change(id: string, patch: SurveyPatch, by: string, note: SurveyNote): Promise<Survey>;
  remove(id: string, note: SurveyNote): Promise<void>;
  rules(): readonly SurveyRule[];
  createRule(rule: SurveyRuleCreate, note: SurveyNote): Promise<SurveyRule>;
  changeRule(id: string, patch: SurveyRulePatch, note: SurveyNote): Promise<SurveyRule>;
  removeRule(id: string, note: SurveyNote): Promise<void>;
  /** survey_off, survey_none, call_not_found, not_in_call, call_wrong_state */
  push(callId: string, station: number, surveyId: string | undefined): Call;
  /** `surveyIds`: of these alone */
  results(query: SurveyResultQuery, surveyIds?: readonly string[]): Promise<SurveyResultList>;
  figures(query: SurveyFiguresQuery, surveyIds?: readonly string[]): Promise<SurveyFigures[]>;
}

/** report_range_invalid, report_too_wide, report_not_exportable; of schedules: report_schedule_not_found, mail_not_set_up */
export interface ReportsPort {
  definitions(): ReportDefinitions;
  read(request: ReportRequest): Promise<Report>;
  file(request: ReportRequest, format: FileFormat, language: Language): Promise<MadeFile>;
  /** the newest 50,000 of them */
  callFile(filter: CallFilter, format: FileFormat, language: Language, reach?: ReachFilter): Promise<MadeFile>;
  rebuild(): Promise<void>;
  schedules(): Promise<ReportSchedule[]>;
  /** `id`: in place of that one */
  putSchedule(
    schedule: ReportScheduleCreate,
    by: string,
    id: string | undefined,
    also: ReportAlso,
  ): Promise<ReportSchedule>;
  removeSchedule(id: string, also: ReportAlso): Promise<void>;
  runSchedule(id: string): Promise<ReportRun>;
  runs(id: string): Promise<ReportRun[]>;
}

/** written with the change */
type ReportAlso = (tx: Writes, id: string) => Promise<void>;

/** Errors of all: conference_not_found */
export interface ConferencesPort {
  rooms(): ConferenceRoom[];
  room(id: string): ConferenceRoom;
  /** Resolves when every change that was committed before is in force. */
  applied(): Promise<void>;
  /** as it is stored, PINs hashed */
  roomRow(room: ConferenceRoomCreate): Promise<ConferenceRoomRow>;
  roomPatch(patch: ConferenceRoomPatch): Promise<Partial<Omit<ConferenceRoomRow, 'id'>>>;
  /** conference_in_use */
  mustBeEmpty(id: string): void;
  /** those in which somebody is */
  live(): ConferenceStatus[];
  status(id: string): ConferenceStatus;
  /** conference_empty, conference_not_lockable, conference_never_recorded, conference_recording_wrong_state, conference_not_recorded */
  act(id: string, action: ConferenceAction['action'], by: string): Promise<ConferenceStatus>;
  /** conference_empty, conference_party_not_found */
  actOnParty(id: string, party: string, action: ConferencePartyAction, by: string): Promise<ConferenceStatus>;
  /** conference_full, conference_no_station, number_leads_nowhere, line_refused, line_unknown */
  invite(
    id: string,
    invitation: Pick<ConferenceInvite, 'number' | 'moderator'>,
    from: { station: number | null; agentId: string | null; by: string },
  ): Promise<ConferenceStatus>;
  /** conference_no_number; as CallsPort.act and originate */
  addCall(id: string, callId: string, station: number, join: boolean, by: string): Promise<ConferenceStatus>;
  recordings(id: string): Promise<ConferenceRecording[]>;
}

/** Errors: flow_recording_not_found, too_many_prompt_tickets, number_leads_nowhere */
export interface VoicePort {
  openFlowRecording(id: string): Promise<AudioSource>;
  removeFlowRecording(id: string): Promise<void>;
  promptTicket(request: PromptTicketCreate, by: string): Promise<PromptTicket>;
  hashPin(pin: string): Promise<string>;
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

export interface DeskWorkPort {
  messages(agentId: string, unread: boolean, limit: number): Promise<AgentMessage[]>;
  send(agentId: string, by: { id: string; username: string }, text: string): Promise<AgentMessage>;
  /** agent_message_not_found */
  setRead(agentId: string, id: string, read: boolean): Promise<AgentMessage>;
  setMissedDone(agentId: string, callId: string, done: boolean): Promise<MissedCallDone>;
}

export interface DeskPort {
  /** agent_not_found, agent_busy, station_not_found, station_taken */
  signIn(id: string, station: number, who: AskedBy): Promise<Agent>;
  /** agent_not_found */
  setPin(id: string, pin: string | null): Promise<void>;
  work: DeskWorkPort;
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
  waiting(id: string, language?: Language): QueueWaiting[];
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
  /** who is in a flow now */
  callers(flowId: string): { nodes: Record<string, number>; callers: Omit<FlowCaller, 'phase'>[] };
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

/** music_not_found, music_bundled, music_full, music_in_use, prompt_invalid */
export interface MusicPort {
  list(): Promise<MusicPlaylist[]>;
  put(id: string, playlist: MusicPlaylistPut, by: string): Promise<MusicPlaylist>;
  remove(id: string): Promise<void>;
  file(id: string, piece: string): Promise<string>;
  upload(id: string, piece: string, bytes: Buffer, by: string): Promise<MusicPlaylist>;
  removePiece(id: string, piece: string): Promise<MusicPlaylist>;
}

/** prompt_not_found, prompt_invalid */
export interface PromptsPort {
  list(): Promise<Prompt[]>;
  search(wanted: PromptSearch): Promise<PromptPage>;
  /** what people call it */
  call(name: string, label: string): Promise<NamedPrompt>;
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
  /** Whether a timeslot takes calls; resolves with the E1 as it is then. span_not_found, timeslot_not_found, engine_refused */
  block(span: number, timeslot: number, blocked: boolean): Promise<Span>;
  /** Exchange lines on FXO ports, by number. */
  lines(): AnalogLine[];
  /** Whether a line takes calls. analog_line_not_found */
  blockLine(line: number, blocked: boolean): AnalogLine;
  /** A metering pulse, or a unit of advice of charge, to the far end of a call in. … timeslot_no_call, engine_refused */
  meter(span: number, timeslot: number): Promise<void>;
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

export interface TrunkTestsPort {
  /** trunk_not_found */
  ask(trunk: string): Promise<TrunkHostAnswer[]>;
  /** Resolves when the call is over. trunk_not_found, trunk_test_running, trunk_test_not_possible */
  call(trunk: string, number: string, language: Language): Promise<TrunkTestResult>;
}

export interface SipPort {
  /** where it listens, whatever the settings say; undefined: it does not run now */
  listening(): SipListening | undefined;
  /** Resolves when what was changed in the tables until now is in force. */
  applied(): Promise<void>;
  /** of those that are switched on, as far as anything is known */
  trunks(): readonly SipTrunkStatus[];
}

/** Errors: those that POST, PATCH and DELETE /callbacks name; `also` is written with the change. */
export interface CallbacksPort {
  take(request: CallbackCreate, by: string, also: CallbackAlso): Promise<Callback>;
  reschedule(id: string, at: number, also: CallbackAlso): Promise<Callback>;
  cancel(id: string, also: CallbackAlso): Promise<Callback>;
}
type CallbackAlso = (tx: Writes, row: Callback) => Promise<void>;

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
  webPhones: WebPhonesPort;
  box: BoxPort;
  boards: BoardsPort;
  updates: UpdatesPort;
  network: NetworkPort;
  routing: RoutingPort;
  calls: CallsPort;
  agents: AgentsPort;
  /** how the lines of agents who talk over IP sound */
  lineQualities(): LineQuality[];
  desk: DeskPort;
  queues: QueuesPort;
  flows: FlowsPort;
  prompts: PromptsPort;
  music: MusicPort;
  engine: EnginePort;
  recordings: RecordingsPort;
  mail: MailPort;
  alerts: AlertsPort;
  voicemail: VoicemailPort;
  callbacks: CallbacksPort;
  surveys: SurveysPort;
  reports: ReportsPort;
  conferences: ConferencesPort;
  voice: VoicePort;
  exchange: ExchangePort;
  sip: SipPort;
  phones: PhonesPort;
  trunkTests: TrunkTestsPort;
  diagnostics: DiagnosticsPort;
  /** Everything that changes on a live page; realtime/ coalesces it and decides who hears what. */
  live: EventSource<LiveEvents>;
}
