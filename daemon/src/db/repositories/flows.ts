// Flows: what is live, every version that was, drafts, the ways of callers, and announcements.
import { Op } from 'sequelize';
import { AppError, newUlid, ulidFactory } from '../../platform/index.js';
import type { FlowDefinition } from '../../contract/index.js';
import type { Models } from '../models.js';
import type { AnnouncementsWrite, FlowDraftsWrite, FlowTracesWrite, FlowsWrite } from '../repositories.js';
import type { AnnouncementRow, FlowDraftRow, FlowRow, FlowTraceRow, FlowVersionRow, RouteRow } from '../rows.js';
import { Table, type Scope } from './table.js';

/** Versions that are kept of a flow. */
const MOST_VERSIONS = 200;

const flowTable = (models: Models, scope: Scope) =>
  new Table<FlowRow>(models.flows, scope, { json: ['definition'], wide: ['updatedAt'] });

export function flowsRepository(models: Models, scope: Scope): FlowsWrite {
  const table = flowTable(models, scope);
  const versions = new Table<FlowVersionRow>(models.flowVersions, scope, { json: ['definition'], wide: ['createdAt'] });
  const routes = new Table<RouteRow>(models.routes, scope, { json: ['calendar', 'target'] });
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: ['id'] }),
    versions: (id) => versions.all({ where: { flowId: id }, order: [['version', 'DESC']], limit: MOST_VERSIONS }),
    version: (id, version) => versions.first({ flowId: id, version }),
    async put(row, { by, note } = { by: '', note: '' }) {
      const old = await table.find(row.id);
      const saved: FlowRow = { ...row, version: (old?.version ?? 0) + 1 };
      if (old === null) await table.insert(saved);
      else await table.update(row.id, saved);
      const { id: flowId, updatedAt: createdAt, ...rest } = saved;
      await versions.insert({ ...rest, id: newUlid(), flowId, note, createdAt, createdBy: by });
      const kept = await versions.all({
        where: { flowId },
        order: [['version', 'DESC']],
        offset: MOST_VERSIONS,
        limit: 10,
      });
      for (const { id } of kept) await versions.remove(id);
      scope.publish('flow.changed', { id: row.id, removed: false });
      return saved;
    },
    async remove(id) {
      const route = await routes.first({ flowId: id });
      if (route !== null) throw new AppError('flow_in_use', { id, calledNumber: route.calledNumber });
      const user = (await table.all()).find((one) => one.id !== id && names(one.definition, 'subflow', 'flow', id));
      if (user !== undefined) throw new AppError('flow_called', { id, user: user.id });
      await versions.removeWhere({ flowId: id });
      const done = await table.remove(id);
      if (done) scope.publish('flow.changed', { id, removed: true });
      return done;
    },
  };
}

/** Whether a node of this type names it in this field. */
function names({ nodes }: FlowDefinition, type: string, field: string, id: string): boolean {
  return Object.values(nodes).some((node) => node.type === type && node[field] === id);
}

export function flowDraftsRepository(models: Models, scope: Scope): FlowDraftsWrite {
  const table = new Table<FlowDraftRow>(models.flowDrafts, scope, { json: ['definition'], wide: ['updatedAt'] });
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: ['id'] }),
    async put(row) {
      if (!(await table.update(row.id, row))) await table.insert(row);
      scope.publish('flowDraft.changed', { id: row.id, removed: false });
    },
    async remove(id) {
      const done = await table.remove(id);
      if (done) scope.publish('flowDraft.changed', { id, removed: true });
      return done;
    },
  };
}

export function flowTracesRepository(models: Models, scope: Scope): FlowTracesWrite {
  const table = new Table<FlowTraceRow>(models.flowTraces, scope, { json: ['steps'], wide: ['startedAt', 'endedAt'] });
  return {
    listByCall: (callId) => table.all({ where: { callId }, order: ['startedAt', 'id'] }),
    // ids grow with time: those of the last days are read by their index, however many calls were kept
    listByFlow: (flowId, since, limit) =>
      table.all({
        where: { flowId, id: { [Op.gte]: ulidFactory({ wallMs: () => since }, (bytes) => bytes.fill(0))() } },
        order: [['id', 'DESC']],
        limit,
      }),
    insert: (row) => table.insert(row),
  };
}

export function announcementsRepository(models: Models, scope: Scope): AnnouncementsWrite {
  const table = new Table<AnnouncementRow>(models.announcements, scope, {
    json: ['prompts'],
    flags: ['active'],
    wide: ['until', 'updatedAt'],
  });
  const flows = flowTable(models, scope);
  return {
    find: (id) => table.find(id),
    list: () => table.all({ order: ['id'] }),
    async put(row) {
      if (!(await table.update(row.id, row))) await table.insert(row);
      scope.publish('announcement.changed', { id: row.id, removed: false });
    },
    async remove(id) {
      const user = (await flows.all()).find(({ definition }) => names(definition, 'announce', 'announcement', id));
      if (user !== undefined) throw new AppError('announcement_in_use', { id, user: user.id });
      const done = await table.remove(id);
      if (done) scope.publish('announcement.changed', { id, removed: true });
      return done;
    },
  };
}
