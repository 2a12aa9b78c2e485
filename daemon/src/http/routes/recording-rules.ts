// What is recorded, and how long it is kept.
import { z } from 'zod';
import {
  RecordingRule,
  RecordingRuleCreate,
  RecordingRulePatch,
  RetentionRule,
  RetentionRuleCreate,
  RetentionRulePatch,
  Ulid,
} from '../../contract/index.js';
import { AppError, newUlid } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Ulid });

export function recordingRuleRoutes({ db, log }: HttpContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/recording-rules',
      summary: 'What is recorded: the first rule that fits a call says so; when none does, it is recorded',
      tag: 'Recordings',
      needs: 'recordings.listen',
      reply: z.array(RecordingRule),
      handle: () => db.recordingRules.list(),
    }),
    route({
      method: 'post',
      path: '/recording-rules',
      summary: 'Make a rule of recording; calls in progress keep theirs',
      tag: 'Recordings',
      needs: 'recordings.edit',
      body: RecordingRuleCreate,
      reply: RecordingRule,
      status: 201,
      async handle({ body, identity }) {
        const row = { ...body, id: newUlid() };
        await db.write((tx) => tx.recordingRules.insert(row));
        log.info({ rule: row.id, by: identity.user.username }, 'recording rule made');
        return row;
      },
    }),
    route({
      method: 'patch',
      path: '/recording-rules/:id',
      summary: 'Change a rule of recording',
      tag: 'Recordings',
      needs: 'recordings.edit',
      params: ById,
      body: RecordingRulePatch,
      reply: RecordingRule,
      errors: ['recording_rule_not_found'],
      async handle({ params: { id }, body, identity }) {
        const changed = await db.write(async (tx) => {
          await tx.recordingRules.update(id, body);
          return tx.recordingRules.find(id);
        });
        if (changed === null) throw new AppError('recording_rule_not_found', { id });
        log.info({ rule: id, by: identity.user.username }, 'recording rule changed');
        return changed;
      },
    }),
    route({
      method: 'delete',
      path: '/recording-rules/:id',
      summary: 'Remove a rule of recording',
      tag: 'Recordings',
      needs: 'recordings.edit',
      params: ById,
      errors: ['recording_rule_not_found'],
      async handle({ params: { id }, identity }) {
        if (!(await db.write((tx) => tx.recordingRules.remove(id))))
          throw new AppError('recording_rule_not_found', { id });
        log.info({ rule: id, by: identity.user.username }, 'recording rule removed');
      },
    }),
    route({
      method: 'get',
      path: '/retention-rules',
      summary: 'How long recordings are kept: the first rule that fits one says so; what no rule fits is kept',
      tag: 'Recordings',
      needs: 'recordings.listen',
      reply: z.array(RetentionRule),
      handle: () => db.retentionRules.list(),
    }),
    route({
      method: 'post',
      path: '/retention-rules',
      summary: 'Make a rule of keeping',
      tag: 'Recordings',
      needs: 'recordings.edit',
      body: RetentionRuleCreate,
      reply: RetentionRule,
      status: 201,
      async handle({ body, identity }) {
        const row = { ...body, id: newUlid() };
        await db.write((tx) => tx.retentionRules.insert(row));
        log.info({ rule: row.id, by: identity.user.username }, 'retention rule made');
        return row;
      },
    }),
    route({
      method: 'patch',
      path: '/retention-rules/:id',
      summary: 'Change a rule of keeping',
      tag: 'Recordings',
      needs: 'recordings.edit',
      params: ById,
      body: RetentionRulePatch,
      reply: RetentionRule,
      errors: ['retention_rule_not_found'],
      async handle({ params: { id }, body, identity }) {
        const changed = await db.write(async (tx) => {
          await tx.retentionRules.update(id, body);
          return tx.retentionRules.find(id);
        });
        if (changed === null) throw new AppError('retention_rule_not_found', { id });
        log.info({ rule: id, by: identity.user.username }, 'retention rule changed');
        return changed;
      },
    }),
    route({
      method: 'delete',
      path: '/retention-rules/:id',
      summary: 'Remove a rule of keeping',
      tag: 'Recordings',
      needs: 'recordings.edit',
      params: ById,
      errors: ['retention_rule_not_found'],
      async handle({ params: { id }, identity }) {
        if (!(await db.write((tx) => tx.retentionRules.remove(id))))
          throw new AppError('retention_rule_not_found', { id });
        log.info({ rule: id, by: identity.user.username }, 'retention rule removed');
      },
    }),
  ];
}
