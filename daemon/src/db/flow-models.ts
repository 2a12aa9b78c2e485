// The tables around flows, as Sequelize knows them. Repositories take raw rows, so that a model needs no fields of its own.
import { Model, type Sequelize } from 'sequelize';
import { flag, id, integer, json, text, time, timeOrNull } from './columns.js';
import type { AnnouncementRow, FlowDraftRow, FlowTraceRow, FlowVersionRow } from './rows.js';

export function defineFlowModels(sequelize: Sequelize) {
  const options = (tableName: string) => ({ sequelize, tableName, modelName: tableName, timestamps: false }) as const;

  const flowDrafts = class extends Model<FlowDraftRow> {};
  flowDrafts.init(
    { id: id(), name: text(), definition: json(), basedOn: integer(), updatedAt: time(), updatedBy: text() },
    options('flowDrafts'),
  );
  const flowVersions = class extends Model<FlowVersionRow> {};
  flowVersions.init(
    {
      ...{ id: id(), flowId: text(), version: integer(), name: text(), definition: json(), note: text() },
      ...{ createdAt: time(), createdBy: text() },
    },
    options('flowVersions'),
  );
  const flowTraces = class extends Model<FlowTraceRow> {};
  flowTraces.init(
    {
      ...{ id: id(), callId: text(), flowId: text(), version: integer(), startedAt: time(), endedAt: time() },
      ...{ steps: json(), dropped: integer() },
    },
    options('flowTraces'),
  );
  const announcements = class extends Model<AnnouncementRow> {};
  announcements.init(
    {
      id: id(),
      name: text(),
      active: flag(),
      prompts: json(),
      until: timeOrNull(),
      updatedAt: time(),
      updatedBy: text(),
    },
    options('announcements'),
  );
  return { flowDrafts, flowVersions, flowTraces, announcements };
}
