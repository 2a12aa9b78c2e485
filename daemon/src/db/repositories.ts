// What may be asked of the database and done to it. Reads are on `db`; writes are on what `db.write` hands to its work, which
// reads, too, and then sees its own changes. Errors of all: AppError database_closed, database_overloaded, database_busy;
// reference_missing when a row names one that does not exist; user_exists, route_exists, queue_exists, agent_exists, trunk_exists,
// number_in_use for what must be unique. update and remove say whether there was such a row.
// long because: an interface for each table, and nothing else
import type { RolesRead, RolesWrite, UserSecurityRead, UserSecurityWrite } from './access-rows.js';
import type { ReachFilter } from '../platform/index.js';
import type { ReportsRead, ReportsWrite } from './report-rows.js';
import type { CallbacksRead, CallbacksWrite } from './callback-rows.js';
import type { AgentAbilities, AgentState, CallState, SegmentKind } from '../contract/index.js';
import type {
  AuditRead,
  AuditWrite,
  CalendarsRead,
  CalendarsWrite,
  DialRightsRead,
  DialRightsWrite,
  DutyGroupsRead,
  DutyGroupsWrite,
  NumberListsRead,
  NumberListsWrite,
} from './routing-repositories.js';
import type { OutgoingMailRead, OutgoingMailWrite } from './mail-rows.js';
import type { PhonesRead, PhonesWrite } from './phone-rows.js';
import type { AlertsRead, AlertsWrite } from './alert-rows.js';
import type { ConferencesRead, ConferencesWrite } from './conference-rows.js';
import type { VoiceRead, VoiceWrite } from './voice-rows.js';
import type { DeskRead, DeskWrite } from './desk-rows.js';
import type { VoicemailRead, VoicemailWrite } from './voicemail-rows.js';
import type { FloorRead, FloorWrite } from './floor-rows.js';
import type { ContactsRead, ContactsWrite } from './contact-rows.js';
import type { SurveysRead, SurveysWrite } from './survey-rows.js';
import type {
  RecordingArchiveRead,
  RecordingArchiveWrite,
  RecordingRulesRead,
  RecordingRulesWrite,
  RetentionRulesRead,
  RetentionRulesWrite,
} from './recording-rows.js';
import type {
  AgentRow,
  AgentScopeRow,
  AgentSegmentRow,
  AgentSkillRow,
  AgentStateRow,
  AnnouncementRow,
  CallRow,
  FlowDraftRow,
  FlowRow,
  FlowTraceRow,
  FlowVersionRow,
  OutboundRouteRow,
  QueueMemberRow,
  QueueRow,
  RecordingRow,
  RingGroupRow,
  RouteRow,
  SegmentRow,
  SessionRow,
  SipBanRow,
  SipBindingRow,
  SipDialogRow,
  SipStationRow,
  StreamRow,
  TrunkRow,
  UserRow,
} from './rows.js';

type PatchBy<Key, Row> = { [K in Exclude<keyof Row, Key>]?: Row[K] | undefined };
type Patch<Row> = PatchBy<'id', Row>;

export interface UsersRead {
  find(id: string): Promise<UserRow | null>;
  findByUsername(username: string): Promise<UserRow | null>;
  /** by username */
  list(): Promise<UserRow[]>;
  /** who may make users and roles: while there is nobody, the box has no administrator */
  countAdmins(): Promise<number>;
}
export interface UsersWrite extends UsersRead {
  insert(row: UserRow): Promise<void>;
  update(id: string, patch: Patch<UserRow>): Promise<boolean>;
  /** with the sessions */
  remove(id: string): Promise<boolean>;
}

export interface SessionsRead {
  find(id: string): Promise<SessionRow | null>;
  findByTokenHash(tokenHash: string): Promise<SessionRow | null>;
  listByUser(userId: string): Promise<SessionRow[]>;
  list(): Promise<SessionRow[]>;
}
export interface SessionsWrite extends SessionsRead {
  insert(row: SessionRow): Promise<void>;
  touch(id: string, lastSeenAt: number): Promise<void>;
  remove(id: string): Promise<boolean>;
  /** returns the ids of those removed */
  removeByUser(userId: string, exceptId?: string): Promise<string[]>;
  /** returns the ids of those removed */
  removeExpired(nowMs: number): Promise<string[]>;
}

export interface FlowsRead {
  find(id: string): Promise<FlowRow | null>;
  list(): Promise<FlowRow[]>;
  /** every version that went live, newest first */
  versions(id: string): Promise<FlowVersionRow[]>;
  version(id: string, version: number): Promise<FlowVersionRow | null>;
}
export interface FlowsWrite extends FlowsRead {
  /** inserts as version 1 or replaces and counts the version up; the version is kept, with who made it and why */
  put(row: Omit<FlowRow, 'version'>, about?: { by: string; note: string }): Promise<FlowRow>;
  /** with its versions; flow_in_use when a route names it, flow_called when another flow calls it */
  remove(id: string): Promise<boolean>;
}

export interface FlowDraftsRead {
  find(id: string): Promise<FlowDraftRow | null>;
  list(): Promise<FlowDraftRow[]>;
}
export interface FlowDraftsWrite extends FlowDraftsRead {
  put(row: FlowDraftRow): Promise<void>;
  remove(id: string): Promise<boolean>;
}

export interface FlowTracesRead {
  /** in the order in which he came into them */
  listByCall(callId: string): Promise<FlowTraceRow[]>;
  /** of the newest calls since then, the newest first */
  listByFlow(flowId: string, since: number, limit: number): Promise<FlowTraceRow[]>;
}
export interface FlowTracesWrite extends FlowTracesRead {
  insert(row: FlowTraceRow): Promise<void>;
}

export interface AnnouncementsRead {
  find(id: string): Promise<AnnouncementRow | null>;
  list(): Promise<AnnouncementRow[]>;
}
export interface AnnouncementsWrite extends AnnouncementsRead {
  put(row: AnnouncementRow): Promise<void>;
  /** announcement_in_use when a flow plays it */
  remove(id: string): Promise<boolean>;
}

export interface RoutesRead {
  find(id: string): Promise<RouteRow | null>;
  findByCalledNumber(calledNumber: string): Promise<RouteRow | null>;
  /** by called number */
  list(): Promise<RouteRow[]>;
}
/** What is left out is that of a route for every call to its number. */
export type RouteInsert = Pick<RouteRow, 'id' | 'calledNumber' | 'flowId' | 'language'> & Partial<RouteRow>;
export interface RoutesWrite extends RoutesRead {
  /** number_in_use when a telephone or a group has the number */
  insert(row: RouteInsert): Promise<void>;
  update(id: string, patch: Patch<RouteRow>): Promise<boolean>;
  remove(id: string): Promise<boolean>;
}

export interface QueuesRead {
  find(id: string): Promise<QueueRow | null>;
  list(): Promise<QueueRow[]>;
}
export interface QueueMembersRead {
  /** by position, then by number */
  list(): Promise<QueueMemberRow[]>;
  listByQueue(queueId: string): Promise<QueueMemberRow[]>;
  /** by queue */
  listByAgent(agentId: string): Promise<QueueMemberRow[]>;
}
export interface QueueMembersWrite extends QueueMembersRead {
  /** In place of all who were in the queue; reference_missing when an agent is not there. */
  replaceOfQueue(queueId: string, rows: readonly Omit<QueueMemberRow, 'queueId'>[]): Promise<void>;
}

/** What agents can do and whom they serve. */
export interface AbilitiesRead {
  skills(): Promise<AgentSkillRow[]>;
  scopes(): Promise<AgentScopeRow[]>;
  find(agentId: string): Promise<AgentAbilities>;
}
export interface AbilitiesWrite extends AbilitiesRead {
  /** In place of all he had; reference_missing when he is not there. */
  replace(agentId: string, abilities: AgentAbilities): Promise<void>;
}

export interface QueuesWrite extends QueuesRead {
  insert(row: QueueRow): Promise<void>;
  update(id: string, patch: Patch<QueueRow>): Promise<boolean>;
  /** queue_in_use when an agent serves it */
  remove(id: string): Promise<boolean>;
}

export interface AgentsRead {
  find(id: string): Promise<AgentRow | null>;
  /** by number */
  list(): Promise<AgentRow[]>;
}
export interface AgentsWrite extends AgentsRead {
  insert(row: AgentRow): Promise<void>;
  update(id: string, patch: Patch<AgentRow>): Promise<boolean>;
  /** his history stays */
  remove(id: string): Promise<boolean>;
}

export interface StreamsRead {
  /** in the order in which they began */
  listByCall(callId: string): Promise<StreamRow[]>;
  /** in the order in which they began, of all calls */
  list(query: {
    fromMs?: number | undefined;
    toMs?: number | undefined;
    limit?: number | undefined;
  }): Promise<StreamRow[]>;
}
export interface StreamsWrite extends StreamsRead {
  insert(row: StreamRow): Promise<void>;
}

export interface AgentStatesRead {
  find(agentId: string): Promise<AgentStateRow | null>;
  list(): Promise<AgentStateRow[]>;
}
export interface AgentStatesWrite extends AgentStatesRead {
  /** inserts or replaces */
  put(row: AgentStateRow): Promise<void>;
}

export interface AgentSegmentQuery {
  agentId?: string | undefined;
  state?: AgentState | undefined;
  /** those that were under way at this time or later */
  fromMs?: number | undefined;
  /** those that began before this time */
  toMs?: number | undefined;
  /** default 1000 */
  limit?: number | undefined;
}
export interface AgentSegmentsRead {
  /** oldest first */
  list(query: AgentSegmentQuery): Promise<AgentSegmentRow[]>;
}
export interface AgentSegmentsWrite extends AgentSegmentsRead {
  insert(row: AgentSegmentRow): Promise<void>;
  /** ends those of this agent that are open; never before they began */
  closeOpen(agentId: string, endedAt: number): Promise<number>;
}

export interface CallQuery {
  reach?: ReachFilter | undefined;
  state?: CallState | undefined;
  agentId?: string | undefined;
  queueId?: string | undefined;
  /** that this number has made, or to which it was called */
  numbers?: readonly string[] | undefined;
  /** calls that began at this time or later */
  fromMs?: number | undefined;
  /** calls that began before this time */
  toMs?: number | undefined;
  /** calls older than this one */
  before?: string | undefined;
  /** default 50, at most 500 */
  limit?: number | undefined;
}
export interface CallsRead {
  find(id: string): Promise<CallRow | null>;
  /** newest first */
  list(query: CallQuery): Promise<CallRow[]>;
  count(query: CallQuery): Promise<number>;
  /** in no order */
  byIds(ids: readonly string[]): Promise<CallRow[]>;
  /** The agent who had the last call of this number that began at `sinceMs` or later; null: none. */
  lastAgentOf(callingNumber: string, sinceMs: number): Promise<string | null>;
}
export interface CallsWrite extends CallsRead {
  insert(row: CallRow): Promise<void>;
  update(id: string, patch: Patch<CallRow>): Promise<boolean>;
}

export interface SegmentQuery {
  kind?: SegmentKind | undefined;
  /** those that began at this time or later */
  fromMs?: number | undefined;
  /** those that began before this time */
  toMs?: number | undefined;
  /** default 10,000 */
  limit?: number | undefined;
}
export interface SegmentsRead {
  /** in the order in which they began */
  listByCall(callId: string): Promise<SegmentRow[]>;
  /** in the order in which they began, of all calls: statistics are counted from these */
  list(query: SegmentQuery): Promise<SegmentRow[]>;
  /** whose data names the agent, in the order in which they began */
  ofAgent(kind: SegmentKind, agentId: string, fromMs: number, limit: number): Promise<SegmentRow[]>;
}
export interface SegmentsWrite extends SegmentsRead {
  insert(row: SegmentRow): Promise<void>;
  update(id: string, patch: Patch<SegmentRow>): Promise<boolean>;
  /** ends those of this call that are open; never before they began */
  closeOpen(callId: string, endedAt: number): Promise<number>;
}

export interface RecordingsRead {
  find(id: string): Promise<RecordingRow | null>;
  /** the first */
  findByCall(callId: string): Promise<RecordingRow | null>;
  /** oldest first */
  listByCall(callId: string): Promise<RecordingRow[]>;
  /** oldest first */
  listByState(state: RecordingRow['state'], limit?: number): Promise<RecordingRow[]>;
}
export interface RecordingsWrite extends RecordingsRead {
  insert(row: RecordingRow): Promise<void>;
  update(id: string, patch: Patch<RecordingRow>): Promise<boolean>;
}

export interface SipStationsRead {
  find(number: number): Promise<SipStationRow | null>;
  /** by number */
  list(): Promise<SipStationRow[]>;
}
export interface SipStationsWrite extends SipStationsRead {
  /** number_in_use when a group or a route has the number, too */
  insert(row: SipStationRow): Promise<void>;
  update(number: number, patch: PatchBy<'number', SipStationRow>): Promise<boolean>;
  /** with its bindings; station_in_use when a group rings it */
  remove(number: number): Promise<boolean>;
}

export interface TrunksRead {
  find(id: string): Promise<TrunkRow | null>;
  /** by id */
  list(): Promise<TrunkRow[]>;
}
export interface TrunksWrite extends TrunksRead {
  /** trunk_span_taken, trunk_line_taken when another trunk has one of its E1s or lines */
  insert(row: TrunkRow): Promise<void>;
  update(id: string, patch: Patch<TrunkRow>): Promise<boolean>;
  /** trunk_in_use when a route leads to it */
  remove(id: string): Promise<boolean>;
}

export interface OutboundRoutesRead {
  find(id: string): Promise<OutboundRouteRow | null>;
  /** by pattern and priority */
  list(): Promise<OutboundRouteRow[]>;
}
export interface OutboundRoutesWrite extends OutboundRoutesRead {
  insert(row: OutboundRouteRow): Promise<void>;
  update(id: string, patch: Patch<OutboundRouteRow>): Promise<boolean>;
  remove(id: string): Promise<boolean>;
}

export interface RingGroupsRead {
  find(number: number): Promise<RingGroupRow | null>;
  /** by number */
  list(): Promise<RingGroupRow[]>;
}
export interface RingGroupsWrite extends RingGroupsRead {
  /** number_in_use when a telephone or a route has the number, too */
  insert(row: RingGroupRow): Promise<void>;
  update(number: number, patch: PatchBy<'number', RingGroupRow>): Promise<boolean>;
  remove(number: number): Promise<boolean>;
}

export interface SipBindingsRead {
  /** by station and position */
  list(): Promise<SipBindingRow[]>;
}
export interface SipBindingsWrite extends SipBindingsRead {
  /** In place of all that the station had; the position is that in the list. Does nothing when there is no such station. */
  replace(stationNumber: number, bindings: readonly Omit<SipBindingRow, 'stationNumber' | 'position'>[]): Promise<void>;
  /** returns how many */
  removeExpired(nowMs: number): Promise<number>;
}

export interface SipBansRead {
  find(address: string): Promise<SipBanRow | null>;
  /** newest first */
  list(): Promise<SipBanRow[]>;
}
export interface SipBansWrite extends SipBansRead {
  /** inserts or replaces */
  put(row: SipBanRow): Promise<void>;
  remove(address: string): Promise<boolean>;
  /** returns how many; tells nobody, since they have ended by themselves */
  removeExpired(nowMs: number): Promise<number>;
}

export interface SipDialogsRead {
  list(): Promise<SipDialogRow[]>;
}
export interface SipDialogsWrite extends SipDialogsRead {
  /** inserts or replaces */
  put(row: SipDialogRow): Promise<void>;
  remove(id: string): Promise<boolean>;
}

export interface MetaRead {
  get(key: string): Promise<string | null>;
}
export interface MetaWrite extends MetaRead {
  set(key: string, value: string): Promise<void>;
  remove(key: string): Promise<boolean>;
}

export interface Reads {
  readonly users: UsersRead;
  readonly sessions: SessionsRead;
  readonly roles: RolesRead;
  readonly userSecurity: UserSecurityRead;
  readonly flows: FlowsRead;
  readonly flowDrafts: FlowDraftsRead;
  readonly flowTraces: FlowTracesRead;
  readonly announcements: AnnouncementsRead;
  readonly routes: RoutesRead;
  readonly queues: QueuesRead;
  readonly queueMembers: QueueMembersRead;
  readonly abilities: AbilitiesRead;
  readonly agents: AgentsRead;
  readonly agentStates: AgentStatesRead;
  readonly agentSegments: AgentSegmentsRead;
  readonly calls: CallsRead;
  readonly segments: SegmentsRead;
  readonly recordings: RecordingsRead;
  readonly recordingRules: RecordingRulesRead;
  readonly retentionRules: RetentionRulesRead;
  readonly recordingArchive: RecordingArchiveRead;
  readonly outgoingMail: OutgoingMailRead;
  readonly phones: PhonesRead;
  readonly alerts: AlertsRead;
  readonly voicemail: VoicemailRead;
  readonly callbacks: CallbacksRead;
  readonly surveys: SurveysRead;
  readonly floor: FloorRead;
  readonly reports: ReportsRead;
  readonly contacts: ContactsRead;
  readonly conferences: ConferencesRead;
  readonly voice: VoiceRead;
  readonly streams: StreamsRead;
  readonly sipStations: SipStationsRead;
  readonly trunks: TrunksRead;
  readonly outboundRoutes: OutboundRoutesRead;
  readonly ringGroups: RingGroupsRead;
  readonly sipBindings: SipBindingsRead;
  readonly sipBans: SipBansRead;
  readonly sipDialogs: SipDialogsRead;
  readonly calendars: CalendarsRead;
  readonly dutyGroups: DutyGroupsRead;
  readonly numberLists: NumberListsRead;
  readonly dialRights: DialRightsRead;
  readonly desk: DeskRead;
  readonly audit: AuditRead;
  readonly meta: MetaRead;
}

export interface Writes extends Reads {
  readonly users: UsersWrite;
  readonly sessions: SessionsWrite;
  readonly roles: RolesWrite;
  readonly userSecurity: UserSecurityWrite;
  readonly flows: FlowsWrite;
  readonly flowDrafts: FlowDraftsWrite;
  readonly flowTraces: FlowTracesWrite;
  readonly announcements: AnnouncementsWrite;
  readonly routes: RoutesWrite;
  readonly queues: QueuesWrite;
  readonly queueMembers: QueueMembersWrite;
  readonly abilities: AbilitiesWrite;
  readonly agents: AgentsWrite;
  readonly agentStates: AgentStatesWrite;
  readonly agentSegments: AgentSegmentsWrite;
  readonly calls: CallsWrite;
  readonly segments: SegmentsWrite;
  readonly recordings: RecordingsWrite;
  readonly recordingRules: RecordingRulesWrite;
  readonly retentionRules: RetentionRulesWrite;
  readonly recordingArchive: RecordingArchiveWrite;
  readonly outgoingMail: OutgoingMailWrite;
  readonly phones: PhonesWrite;
  readonly alerts: AlertsWrite;
  readonly voicemail: VoicemailWrite;
  readonly callbacks: CallbacksWrite;
  readonly surveys: SurveysWrite;
  readonly floor: FloorWrite;
  readonly reports: ReportsWrite;
  readonly contacts: ContactsWrite;
  readonly conferences: ConferencesWrite;
  readonly voice: VoiceWrite;
  readonly streams: StreamsWrite;
  readonly sipStations: SipStationsWrite;
  readonly trunks: TrunksWrite;
  readonly outboundRoutes: OutboundRoutesWrite;
  readonly ringGroups: RingGroupsWrite;
  readonly sipBindings: SipBindingsWrite;
  readonly sipBans: SipBansWrite;
  readonly sipDialogs: SipDialogsWrite;
  readonly calendars: CalendarsWrite;
  readonly dutyGroups: DutyGroupsWrite;
  readonly numberLists: NumberListsWrite;
  readonly dialRights: DialRightsWrite;
  readonly desk: DeskWrite;
  readonly audit: AuditWrite;
  readonly meta: MetaWrite;
}
