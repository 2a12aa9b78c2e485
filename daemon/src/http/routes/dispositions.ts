// Why agents are not ready, what calls came to, and what agents wrote of them.
import { z } from 'zod';
import {
  AgentNumber,
  CallNote,
  CallNotePut,
  CallNoteQuery,
  Disposition,
  DispositionCreate,
  DispositionPatch,
  NotReadyReason,
  NotReadyReasonCreate,
  NotReadyReasonPatch,
  ReasonCode,
  Slug,
  Ulid,
} from '../../contract/index.js';
import type { Writes } from '../../db/index.js';
import { AppError } from '../../platform/index.js';
import { audit, type Change } from '../audit.js';
import type { Identity } from '../auth/identity.js';
import { reachOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';
import { mustBeOwn } from './desk.js';

const ByCode = z.strictObject({ code: ReasonCode });
const BySlug = z.strictObject({ id: Slug });
const REASONS = 'Reasons';
const DISPOSITIONS = 'Dispositions';

export function dispositionRoutes({ db, clock, ports }: HttpContext): Route[] {
  const note = (tx: Writes, identity: Identity, change: Change): Promise<void> =>
    audit(tx, clock.wallMs(), identity, change);

  return [
    route({
      ...{ method: 'get', path: '/agent-reasons', summary: 'Why an agent may be not ready', tag: REASONS },
      ...{ needs: 'signedIn', reply: z.array(NotReadyReason) },
      handle: () => db.desk.reasons(),
    }),
    route({
      ...{ method: 'post', path: '/agent-reasons', summary: 'Make a reason', tag: REASONS, needs: 'agents.edit' },
      ...{ body: NotReadyReasonCreate, reply: NotReadyReason, status: 201, errors: ['reason_exists'] },
      handle: ({ body, identity }) =>
        db.write(async (tx) => {
          await tx.desk.insertReason(body);
          await note(tx, identity, { action: 'created', objectKind: 'reason', objectId: body.code, after: body });
          return body;
        }),
    }),
    route({
      ...{
        method: 'patch',
        path: '/agent-reasons/:code',
        summary: 'Change a reason',
        tag: REASONS,
        needs: 'agents.edit',
      },
      ...{ params: ByCode, body: NotReadyReasonPatch, reply: NotReadyReason, errors: ['reason_not_found'] },
      handle: ({ params: { code }, body, identity }) =>
        db.write(async (tx) => {
          const before = await tx.desk.reason(code);
          await tx.desk.updateReason(code, body);
          const after = await tx.desk.reason(code);
          if (after === null) throw new AppError('reason_not_found', { code });
          await note(tx, identity, { action: 'changed', objectKind: 'reason', objectId: code, before, after });
          return after;
        }),
    }),
    route({
      ...{ method: 'delete', path: '/agent-reasons/:code', summary: 'Remove a reason; the history keeps its code' },
      ...{ tag: REASONS, needs: 'agents.edit', params: ByCode, errors: ['reason_not_found'] },
      handle: ({ params: { code }, identity }) =>
        db.write(async (tx) => {
          const before = await tx.desk.reason(code);
          if (!(await tx.desk.removeReason(code))) throw new AppError('reason_not_found', { code });
          await note(tx, identity, { action: 'removed', objectKind: 'reason', objectId: code, before });
        }),
    }),
    route({
      ...{ method: 'get', path: '/dispositions', summary: 'What calls can come to', tag: DISPOSITIONS },
      ...{ needs: 'signedIn', reply: z.array(Disposition) },
      handle: () => db.desk.dispositions(),
    }),
    route({
      ...{
        method: 'post',
        path: '/dispositions',
        summary: 'Make a disposition',
        tag: DISPOSITIONS,
        needs: 'agents.edit',
      },
      ...{ body: DispositionCreate, reply: Disposition, status: 201 },
      errors: ['disposition_exists', 'disposition_not_found', 'disposition_too_deep'],
      handle: ({ body, identity }) =>
        db.write(async (tx) => {
          await mustFit(tx, body);
          await tx.desk.insertDisposition(body);
          await note(tx, identity, { action: 'created', objectKind: 'disposition', objectId: body.id, after: body });
          return body;
        }),
    }),
    route({
      ...{ method: 'patch', path: '/dispositions/:id', summary: 'Change a disposition', tag: DISPOSITIONS },
      ...{ needs: 'agents.edit', params: BySlug, body: DispositionPatch, reply: Disposition },
      errors: ['disposition_not_found', 'disposition_too_deep'],
      handle: ({ params: { id }, body, identity }) =>
        db.write(async (tx) => {
          const before = await tx.desk.disposition(id);
          await tx.desk.updateDisposition(id, body);
          const after = await tx.desk.disposition(id);
          if (after === null) throw new AppError('disposition_not_found', { id });
          await mustFit(tx, after);
          await note(tx, identity, { action: 'changed', objectKind: 'disposition', objectId: id, before, after });
          return after;
        }),
    }),
    route({
      ...{ method: 'delete', path: '/dispositions/:id', summary: 'Remove a disposition that no call came to' },
      ...{ tag: DISPOSITIONS, needs: 'agents.edit', params: BySlug },
      errors: ['disposition_not_found', 'disposition_in_use'],
      handle: ({ params: { id }, identity }) =>
        db.write(async (tx) => {
          const before = await tx.desk.disposition(id);
          if (!(await tx.desk.removeDisposition(id))) throw new AppError('disposition_not_found', { id });
          await note(tx, identity, { action: 'removed', objectKind: 'disposition', objectId: id, before });
        }),
    }),
    route({
      ...{ method: 'get', path: '/call-notes', summary: 'What agents wrote of calls, newest first; an agent his own' },
      ...{ tag: DISPOSITIONS, needs: ['calls.view', 'desk.use'], query: CallNoteQuery, reply: z.array(CallNote) },
      async handle({ query, identity }) {
        const reach = reachOf(ports, identity, 'calls.view');
        if (reach.everything) return ports.desk.notes(query);
        const { agentId } = identity.user;
        if (reach.scope.kind === 'own') return agentId === null ? [] : ports.desk.notes({ ...query, agentId });
        return (await ports.desk.notes(query)).filter((one) => reach.agent(one.agentId));
      },
    }),
    route({
      ...{ method: 'put', path: '/calls/:id/notes/:agentId', summary: 'Say what a call came to, as its agent' },
      ...{ tag: DISPOSITIONS, needs: ['desk.use', 'floor.force'], body: CallNotePut, reply: CallNote },
      params: z.strictObject({ id: Ulid, agentId: AgentNumber }),
      errors: ['call_not_found', 'call_not_yours', 'agent_not_yours', 'disposition_not_found', 'note_required'],
      handle({ params: { id, agentId }, body, identity }) {
        mustBeOwn(ports, identity, agentId);
        return ports.desk.putNote(id, agentId, body);
      },
    }),
  ];
}

/** Its queue is there, and it stands at most at the second level. */
async function mustFit(tx: Writes, { id, parentId, queueId }: Disposition): Promise<void> {
  if (queueId !== null && (await tx.queues.find(queueId)) === null)
    throw invalidBody('queueId', new AppError('queue_not_found', { id: queueId }));
  if (parentId === null) return;
  const parent = await tx.desk.disposition(parentId);
  if (parent === null) throw invalidBody('parentId', new AppError('disposition_not_found', { id: parentId }));
  const children = (await tx.desk.dispositions()).some((one) => one.parentId === id);
  if (parent.parentId !== null || parentId === id || children)
    throw new AppError('disposition_too_deep', { id, parent: parentId });
}
