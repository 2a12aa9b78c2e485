// The first tables as Sequelize knows them; migrations/ make them. Each database gets subclasses of its own, because a Sequelize
// model belongs to one connection and a process may have several databases open.
import { Model, type InferAttributes, type InferCreationAttributes, type Sequelize } from 'sequelize';
import type {
  AgentState,
  CalendarCondition,
  CallDirection,
  CallerTreatment,
  CallState,
  FlowDefinition,
  JsonObject,
  Language,
  NoAnswerRule,
  QueueAnnouncements,
  QueueExit,
  QueueRouting,
  NumberOrigin,
  QueueStrategy,
  QueueTarget,
  RecordingState,
  ReleasedBy,
  RouteTarget,
  SegmentKind,
} from '../contract/index.js';
import type {
  AgentRow,
  AgentScopeRow,
  AgentSegmentRow,
  AgentSkillRow,
  AgentStateRow,
  CallRow,
  FlowRow,
  QueueMemberRow,
  QueueRow,
  RecordingRow,
  RouteRow,
  SegmentRow,
  SessionRow,
  StreamRow,
  UserRow,
} from './rows.js';
import {
  flag,
  id,
  integer,
  integerOrNull,
  json,
  jsonOrNull,
  realOrNull,
  text,
  textOrNull,
  time,
  timeOrNull,
} from './columns.js';

export class UserModel
  extends Model<InferAttributes<UserModel>, InferCreationAttributes<UserModel>>
  implements UserRow
{
  declare id: string;
  declare username: string;
  declare passwordHash: string;
  declare role: string;
  declare language: Language;
  declare agentId: string | null;
  declare createdAt: number;
}

export class SessionModel
  extends Model<InferAttributes<SessionModel>, InferCreationAttributes<SessionModel>>
  implements SessionRow
{
  declare id: string;
  declare tokenHash: string;
  declare userId: string;
  declare createdAt: number;
  declare expiresAt: number;
  declare userAgent: string | null;
  declare address: string | null;
  declare lastSeenAt: number | null;
}

export class FlowModel
  extends Model<InferAttributes<FlowModel>, InferCreationAttributes<FlowModel>>
  implements FlowRow
{
  declare id: string;
  declare name: string;
  declare definition: FlowDefinition;
  declare version: number;
  declare updatedAt: number;
}

export class RouteModel
  extends Model<InferAttributes<RouteModel>, InferCreationAttributes<RouteModel>>
  implements RouteRow
{
  declare id: string;
  declare name: string;
  declare calledNumber: string;
  declare callingNumber: string;
  declare callingList: string | null;
  declare trunk: string | null;
  declare calendar: CalendarCondition | null;
  declare priority: number;
  declare language: Language;
  declare enabled: boolean;
  declare flowId: string | null;
  declare target: RouteTarget;
}

export class QueueModel
  extends Model<InferAttributes<QueueModel>, InferCreationAttributes<QueueModel>>
  implements QueueRow
{
  declare id: string;
  declare name: string;
  declare strategy: QueueStrategy;
  declare ringTimeoutMs: number;
  declare wrapUpMs: number;
  declare maxWaitMs: number;
  declare serviceLevelMs: number;
  declare music: string | null;
  declare wrapUpMode: QueueRow['wrapUpMode'];
  declare wrapUpLimitMs: number;
  declare maxLength: number;
  declare shortAbandonMs: number;
  declare routing: QueueRouting;
  declare overflow: QueueTarget;
  declare noAnswer: NoAnswerRule;
  declare announcements: QueueAnnouncements;
  declare exits: QueueExit[];
}

export class QueueMemberModel
  extends Model<InferAttributes<QueueMemberModel>, InferCreationAttributes<QueueMemberModel>>
  implements QueueMemberRow
{
  declare agentId: string;
  declare queueId: string;
  declare position: number;
  declare penalty: number;
  declare weight: number;
}

export class AgentSkillModel
  extends Model<InferAttributes<AgentSkillModel>, InferCreationAttributes<AgentSkillModel>>
  implements AgentSkillRow
{
  declare agentId: string;
  declare skill: string;
  declare level: number;
}

export class AgentScopeModel
  extends Model<InferAttributes<AgentScopeModel>, InferCreationAttributes<AgentScopeModel>>
  implements AgentScopeRow
{
  declare agentId: string;
  declare kind: 'region' | 'customerLevel';
  declare value: string;
}

export class AgentModel
  extends Model<InferAttributes<AgentModel>, InferCreationAttributes<AgentModel>>
  implements Omit<AgentRow, 'queues'>
{
  declare id: string;
  declare name: string;
  declare language: Language;
}

export class AgentStateModel
  extends Model<InferAttributes<AgentStateModel>, InferCreationAttributes<AgentStateModel>>
  implements AgentStateRow
{
  declare agentId: string;
  declare state: AgentState;
  declare reason: string | null;
  declare station: number | null;
  declare since: number;
  declare detail: AgentStateRow['detail'];
}

export class AgentSegmentModel
  extends Model<InferAttributes<AgentSegmentModel>, InferCreationAttributes<AgentSegmentModel>>
  implements AgentSegmentRow
{
  declare id: string;
  declare agentId: string;
  declare state: AgentState;
  declare reason: string | null;
  declare station: number | null;
  declare startedAt: number;
  declare endedAt: number | null;
  declare changedBy: string | null;
  declare forced: boolean;
  declare callId?: string | null | undefined;
}

export class CallModel
  extends Model<InferAttributes<CallModel>, InferCreationAttributes<CallModel>>
  implements CallRow
{
  declare id: string;
  declare direction: CallDirection;
  declare state: CallState;
  declare startedAt: number;
  declare answeredAt: number | null;
  declare endedAt: number | null;
  declare callingNumber: string;
  declare callingName: string;
  declare calledNumber: string;
  declare origin: NumberOrigin | null;
  declare treatment: CallerTreatment | null;
  declare span: number;
  declare timeslot: number;
  declare flowId: string | null;
  declare queueId: string | null;
  declare agentId: string | null;
  declare digits: string;
  declare cause: number | null;
  declare releasedBy: ReleasedBy | null;
}

export class SegmentModel
  extends Model<InferAttributes<SegmentModel>, InferCreationAttributes<SegmentModel>>
  implements SegmentRow
{
  declare id: string;
  declare callId: string;
  declare kind: SegmentKind;
  declare startedAt: number;
  declare endedAt: number | null;
  declare data: JsonObject;
}

export class RecordingModel
  extends Model<InferAttributes<RecordingModel>, InferCreationAttributes<RecordingModel>>
  implements RecordingRow
{
  declare id: string;
  declare callId: string;
  declare path: string;
  declare startedAt: number;
  declare endedAt: number | null;
  declare durationMs: number;
  declare bytes: number;
  declare lostMs: number;
  declare state: RecordingState;
}

export class MetaModel extends Model<InferAttributes<MetaModel>, InferCreationAttributes<MetaModel>> {
  declare key: string;
  declare value: string;
}

export function defineCoreModels(sequelize: Sequelize) {
  const options = (tableName: string) => ({ sequelize, tableName, modelName: tableName, timestamps: false }) as const;

  const users = class extends UserModel {};
  users.init(
    {
      id: id(),
      username: text(),
      passwordHash: text(),
      role: text(),
      language: text(),
      agentId: textOrNull(),
      createdAt: time(),
    },
    options('users'),
  );
  const sessions = class extends SessionModel {};
  sessions.init(
    {
      ...{ id: id(), tokenHash: text(), userId: text(), createdAt: time(), expiresAt: time() },
      ...{ userAgent: textOrNull(), address: textOrNull(), lastSeenAt: timeOrNull() },
    },
    options('sessions'),
  );
  const flows = class extends FlowModel {};
  flows.init({ id: id(), name: text(), definition: json(), version: integer(), updatedAt: time() }, options('flows'));
  const routes = class extends RouteModel {};
  routes.init(
    {
      id: id(),
      calledNumber: text(),
      callingNumber: text(),
      callingList: textOrNull(),
      trunk: textOrNull(),
      calendar: jsonOrNull(),
      priority: integer(),
      name: text(),
      language: text(),
      enabled: flag(),
      flowId: textOrNull(),
      target: json(),
    },
    options('routes'),
  );
  const queues = class extends QueueModel {};
  queues.init(
    {
      id: id(),
      name: text(),
      strategy: text(),
      ringTimeoutMs: integer(),
      wrapUpMs: integer(),
      maxWaitMs: integer(),
      serviceLevelMs: integer(),
      music: textOrNull(),
      wrapUpMode: text(),
      wrapUpLimitMs: integer(),
      maxLength: integer(),
      shortAbandonMs: integer(),
      routing: json(),
      overflow: json(),
      noAnswer: json(),
      announcements: json(),
      exits: json(),
    },
    options('queues'),
  );
  const queueMembers = class extends QueueMemberModel {};
  queueMembers.init(
    {
      agentId: id(),
      queueId: { ...text(), primaryKey: true },
      position: integer(),
      penalty: integer(),
      weight: integer(),
    },
    options('queueMembers'),
  );
  const agentSkills = class extends AgentSkillModel {};
  agentSkills.init({ agentId: id(), skill: { ...text(), primaryKey: true }, level: integer() }, options('agentSkills'));
  const agentScopes = class extends AgentScopeModel {};
  agentScopes.init(
    { agentId: id(), kind: { ...text(), primaryKey: true }, value: { ...text(), primaryKey: true } },
    options('agentScopes'),
  );
  const agents = class extends AgentModel {};
  agents.init({ id: id(), name: text(), language: text() }, options('agents'));
  const agentStates = class extends AgentStateModel {};
  agentStates.init(
    {
      ...{ agentId: id(), state: text(), reason: textOrNull(), station: integerOrNull(), since: time() },
      detail: jsonOrNull(),
    },
    options('agentStates'),
  );
  const agentSegments = class extends AgentSegmentModel {};
  agentSegments.init(
    {
      id: id(),
      agentId: text(),
      state: text(),
      reason: textOrNull(),
      station: integerOrNull(),
      startedAt: time(),
      endedAt: timeOrNull(),
      changedBy: textOrNull(),
      forced: flag(),
      callId: textOrNull(),
    },
    options('agentSegments'),
  );
  const calls = class extends CallModel {};
  calls.init(
    {
      id: id(),
      direction: text(),
      state: text(),
      startedAt: time(),
      answeredAt: timeOrNull(),
      endedAt: timeOrNull(),
      callingNumber: text(),
      callingName: text(),
      calledNumber: text(),
      origin: jsonOrNull(),
      treatment: jsonOrNull(),
      span: integer(),
      timeslot: integer(),
      flowId: textOrNull(),
      queueId: textOrNull(),
      agentId: textOrNull(),
      digits: text(),
      cause: integerOrNull(),
      releasedBy: textOrNull(),
    },
    options('calls'),
  );
  const segments = class extends SegmentModel {};
  segments.init(
    { id: id(), callId: text(), kind: text(), startedAt: time(), endedAt: timeOrNull(), data: json() },
    options('segments'),
  );
  const recordings = class extends RecordingModel {};
  recordings.init(
    {
      id: id(),
      callId: text(),
      path: text(),
      startedAt: time(),
      endedAt: timeOrNull(),
      durationMs: time(),
      bytes: time(),
      lostMs: time(),
      state: text(),
    },
    options('recordings'),
  );
  const streams = class extends Model<StreamRow> {};
  streams.init(
    {
      id: id(),
      callId: text(),
      role: text(),
      station: integerOrNull(),
      trunk: textOrNull(),
      codec: text(),
      encrypted: flag(),
      startedAt: time(),
      endedAt: time(),
      packetsSent: time(),
      packetsReceived: time(),
      lost: time(),
      late: time(),
      jitterMs: time(),
      bufferMs: time(),
      concealedMs: time(),
      roundTripMs: timeOrNull(),
      remoteLost: timeOrNull(),
      remoteJitterMs: timeOrNull(),
      mosReceived: realOrNull(),
      mosSent: realOrNull(),
    },
    options('streams'),
  );
  const meta = class extends MetaModel {};
  meta.init({ key: id(), value: text() }, options('meta'));

  return {
    users: users as typeof UserModel,
    sessions: sessions as typeof SessionModel,
    flows: flows as typeof FlowModel,
    routes: routes as typeof RouteModel,
    queues: queues as typeof QueueModel,
    queueMembers: queueMembers as typeof QueueMemberModel,
    agentSkills: agentSkills as typeof AgentSkillModel,
    agentScopes: agentScopes as typeof AgentScopeModel,
    agents: agents as typeof AgentModel,
    agentStates: agentStates as typeof AgentStateModel,
    agentSegments: agentSegments as typeof AgentSegmentModel,
    calls: calls as typeof CallModel,
    segments: segments as typeof SegmentModel,
    recordings: recordings as typeof RecordingModel,
    streams,
    meta: meta as typeof MetaModel,
  };
}
