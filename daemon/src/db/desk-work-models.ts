// The tables of what waits on agents' desks, as Sequelize knows them.
import { Model, type Sequelize } from 'sequelize';
import { id, text, time, timeOrNull } from './columns.js';
import type { AgentMessageRow, MissedDoneRow } from './desk-work-rows.js';

export function defineDeskWorkModels(sequelize: Sequelize) {
  const options = (tableName: string) => ({ sequelize, tableName, modelName: tableName, timestamps: false }) as const;
  const agentMessages = class extends Model<AgentMessageRow> {};
  agentMessages.init(
    { id: id(), agentId: text(), fromUserId: text(), from: text(), text: text(), at: time(), readAt: timeOrNull() },
    options('agentMessages'),
  );
  const missedDone = class extends Model<MissedDoneRow> {};
  missedDone.init({ id: id(), callId: text(), agentId: text(), at: time() }, options('missedDone'));
  return { agentMessages, missedDone };
}
