// Drafts of flows, what went live before, and the way back.
import { z } from 'zod';
import {
  Flow,
  FlowDraft,
  FlowDraftPut,
  FlowPublish,
  FlowVersion,
  FlowVersionSummary,
  FlowWork,
  Slug,
} from '../../contract/index.js';
import type { Identity } from '../auth/identity.js';
import { AppError } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Slug });
const ByVersion = z.strictObject({
  id: Slug,
  version: z
    .string()
    .regex(/^[1-9][0-9]{0,8}$/)
    .transform(Number),
});
export function flowDraftRoutes(http: HttpContext): Route[] {
  const { clock, db, log, ports } = http;

  /** Makes a definition the one in force. AppError flow_invalid. */
  async function letLive(
    { id, name, definition }: { id: string; name: string; definition: unknown },
    note: string,
    { user }: Identity,
    language: Parameters<typeof ports.flows.validate>[1],
    draftDone: boolean,
  ): Promise<Flow> {
    const verdict = await ports.flows.validate(definition, language, id);
    if (!verdict.ok) throw new AppError('flow_invalid', { id }, { details: verdict.problems });
    const row = { id, name, definition: verdict.definition, updatedAt: clock.wallMs() };
    const saved = await db.write(async (tx) => {
      const flow = await tx.flows.put(row, { by: user.username, note });
      if (draftDone) await tx.flowDrafts.remove(id);
      return flow;
    });
    log.info({ flowId: id, version: saved.version, by: user.username, note }, 'flow let live');
    return saved;
  }

  async function draftOf(id: string): Promise<FlowDraft> {
    const row = await db.flowDrafts.find(id);
    if (row === null) throw new AppError('flow_draft_not_found', { id });
    return row;
  }

  return [
    route({
      method: 'get',
      path: '/flow-drafts',
      summary: 'All drafts of flows',
      tag: 'Flows',
      needs: 'flows.view',
      reply: z.array(FlowDraft),
      handle: () => db.flowDrafts.list(),
    }),
    route({
      method: 'get',
      path: '/flows/:id/draft',
      summary: 'The draft of a flow',
      tag: 'Flows',
      needs: 'flows.view',
      params: ById,
      reply: FlowDraft,
      errors: ['flow_draft_not_found'],
      handle: ({ params: { id } }) => draftOf(id),
    }),
    route({
      method: 'get',
      path: '/flows/:id/work',
      summary: 'What is live under an id and what is drafted; null: nothing is',
      tag: 'Flows',
      needs: 'flows.view',
      params: ById,
      reply: FlowWork,
      async handle({ params: { id } }) {
        const [live, draft] = await Promise.all([db.flows.find(id), db.flowDrafts.find(id)]);
        return { live, draft };
      },
    }),
    route({
      method: 'put',
      path: '/flows/:id/draft',
      summary: 'Keep a draft; callers do not come to it',
      tag: 'Flows',
      needs: 'flows.edit',
      params: ById,
      body: FlowDraftPut,
      reply: FlowDraft,
      errors: ['flow_draft_changed'],
      async handle({ params: { id }, body: { expected, ...body }, identity }) {
        const live = await db.flows.find(id);
        const row = await db.write(async (tx) => {
          const before = await tx.flowDrafts.find(id);
          if (before !== null && expected !== undefined && before.updatedAt !== expected)
            throw new AppError('flow_draft_changed', { id, by: before.updatedBy });
          const basedOn = before?.basedOn ?? live?.version ?? 0;
          // two within a millisecond are two all the same
          const updatedAt = Math.max(clock.wallMs(), (before?.updatedAt ?? 0) + 1);
          const kept = { id, ...body, basedOn, updatedAt, updatedBy: identity.user.username };
          await tx.flowDrafts.put(kept);
          return kept;
        });
        log.info({ flowId: id, by: row.updatedBy }, 'draft of a flow kept');
        return row;
      },
    }),
    route({
      method: 'delete',
      path: '/flows/:id/draft',
      summary: 'Throw a draft away',
      tag: 'Flows',
      needs: 'flows.edit',
      params: ById,
      errors: ['flow_draft_not_found'],
      async handle({ params: { id }, identity }) {
        if (!(await db.write((tx) => tx.flowDrafts.remove(id)))) throw new AppError('flow_draft_not_found', { id });
        log.info({ flowId: id, by: identity.user.username }, 'draft of a flow thrown away');
      },
    }),
    route({
      method: 'post',
      path: '/flows/:id/draft/live',
      summary: 'Let a draft live; who is in the flow stays in the version that he came into',
      tag: 'Flows',
      needs: 'flows.publish',
      params: ById,
      body: FlowPublish,
      reply: Flow,
      errors: ['flow_draft_not_found', 'flow_invalid'],
      async handle({ params: { id }, body, identity, language }) {
        return letLive(await draftOf(id), body.note, identity, language, true);
      },
    }),
    route({
      method: 'get',
      path: '/flows/:id/versions',
      summary: 'Every version that went live, newest first',
      tag: 'Flows',
      needs: 'flows.view',
      params: ById,
      reply: z.array(FlowVersionSummary),
      handle: async ({ params: { id } }) =>
        (await db.flows.versions(id)).map(({ flowId, version, name, note, createdAt, createdBy }) => ({
          ...{ flowId, version, name, note, createdAt, createdBy },
        })),
    }),
    route({
      method: 'get',
      path: '/flows/:id/versions/:version',
      summary: 'One version',
      tag: 'Flows',
      needs: 'flows.view',
      params: ByVersion,
      reply: FlowVersion,
      errors: ['flow_version_not_found'],
      handle: ({ params: { id, version } }) => versionOf(id, version),
    }),
    route({
      method: 'post',
      path: '/flows/:id/versions/:version/live',
      summary: 'Go back to a version; it becomes the newest',
      tag: 'Flows',
      needs: 'flows.publish',
      params: ByVersion,
      body: FlowPublish,
      reply: Flow,
      errors: ['flow_version_not_found', 'flow_invalid'],
      async handle({ params: { id, version }, body, identity, language }) {
        const { name, definition } = await versionOf(id, version);
        const note = body.note === '' ? `= ${version}` : body.note;
        return letLive({ id, name, definition }, note, identity, language, false);
      },
    }),
  ];

  async function versionOf(id: string, version: number): Promise<FlowVersion> {
    const row = await db.flows.version(id, version);
    if (row === null) throw new AppError('flow_version_not_found', { id, version });
    const { flowId, name, definition, note, createdAt, createdBy } = row;
    return { flowId, version, name, definition, note, createdAt, createdBy };
  }
}
