import { z } from 'zod';
import {
  Call,
  Slug,
  Survey,
  SurveyCreate,
  SurveyFigures,
  SurveyFiguresQuery,
  SurveyPatch,
  SurveyPush,
  SurveyResult,
  SurveyResultList,
  SurveyResultQuery,
  SurveyRule,
  SurveyRuleCreate,
  SurveyRulePatch,
  Ulid,
} from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import { audit } from '../audit.js';
import type { Identity } from '../auth/identity.js';
import { reachOf, stationOf } from '../auth/reach.js';
import type { HttpContext } from '../context.js';
import type { SurveyNote } from '../ports.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Slug });
const ByRule = z.strictObject({ id: Ulid });
const ByCall = z.strictObject({ id: Ulid });
const TAG = 'Surveys';
/** runs of one call: one a talk, and what flows ask */
const MOST_OF_A_CALL = 100;

export function surveyRoutes({ clock, log, ports }: HttpContext): Route[] {
  const { surveys } = ports;

  /** An agent's own, of the surveys that show it to him; undefined: he is nobody. */
  function narrowed<Q extends { agentId?: string | undefined; queueId?: string | undefined }>(
    identity: Identity,
    query: Q,
  ): { query: Q; surveyIds: string[] | undefined } | undefined {
    const { user } = identity;
    const reach = reachOf(ports, identity, 'surveys.view');
    // Of groups: the agent or the queue that was asked for, if it is one of theirs.
    const asked = (query.agentId !== undefined && reach.agent(query.agentId)) || reach.queue(query.queueId ?? null);
    if (reach.everything || (asked && query.agentId !== user.agentId)) return { query, surveyIds: undefined };
    if (user.agentId === null) return undefined;
    const shown = surveys.list().filter(({ shownToAgents }) => shownToAgents);
    return { query: { ...query, agentId: user.agentId }, surveyIds: shown.map(({ id }) => id) };
  }

  const noted =
    (identity: Identity, action: 'created' | 'changed' | 'removed', objectKind: 'survey' | 'surveyRule'): SurveyNote =>
    (tx, objectId, states) =>
      audit(tx, clock.wallMs(), identity, { action, objectKind, objectId, ...states });

  return [
    route({
      ...{ method: 'get', path: '/surveys', summary: 'What callers are asked after a talk', tag: TAG },
      ...{ needs: ['surveys.view', 'desk.use'], reply: z.array(Survey) },
      handle: () => surveys.list(),
    }),
    route({
      ...{ method: 'get', path: '/surveys/:id', summary: 'One survey', tag: TAG, needs: 'surveys.view' },
      ...{ params: ById, reply: Survey, errors: ['survey_not_found'] },
      handle: ({ params: { id } }) => surveys.get(id),
    }),
    route({
      ...{ method: 'post', path: '/surveys', summary: 'Make a survey', tag: TAG, needs: 'surveys.edit', status: 201 },
      ...{ body: SurveyCreate, reply: Survey, errors: ['survey_exists'] },
      handle: ({ body, identity }) =>
        surveys.create(body, identity.user.username, noted(identity, 'created', 'survey')),
    }),
    route({
      ...{ method: 'patch', path: '/surveys/:id', tag: TAG, needs: 'surveys.edit', params: ById, body: SurveyPatch },
      ...{ summary: 'Change a survey; those who are being asked keep what they came into' },
      ...{ reply: Survey, errors: ['survey_not_found'] },
      handle: ({ params: { id }, body, identity }) =>
        surveys.change(id, body, identity.user.username, noted(identity, 'changed', 'survey')),
    }),
    route({
      ...{ method: 'delete', path: '/surveys/:id', summary: 'Remove a survey; what was answered stays', tag: TAG },
      ...{ needs: 'surveys.edit', params: ById, errors: ['survey_not_found', 'survey_in_use'] },
      handle: ({ params: { id }, identity }) => surveys.remove(id, noted(identity, 'removed', 'survey')),
    }),
    route({
      ...{ method: 'get', path: '/survey-rules', tag: TAG, needs: 'surveys.view', reply: z.array(SurveyRule) },
      summary: 'Who is asked when his agent has hung up: the first rule that fits says so',
      handle: () => [...surveys.rules()],
    }),
    route({
      ...{ method: 'post', path: '/survey-rules', summary: 'Make a rule of surveys', tag: TAG, needs: 'surveys.edit' },
      ...{ body: SurveyRuleCreate, reply: SurveyRule, status: 201 },
      handle: ({ body, identity }) => surveys.createRule(body, noted(identity, 'created', 'surveyRule')),
    }),
    route({
      ...{
        method: 'patch',
        path: '/survey-rules/:id',
        summary: 'Change a rule of surveys',
        tag: TAG,
        needs: 'surveys.edit',
      },
      ...{ params: ByRule, body: SurveyRulePatch, reply: SurveyRule, errors: ['survey_rule_not_found'] },
      handle: ({ params: { id }, body, identity }) =>
        surveys.changeRule(id, body, noted(identity, 'changed', 'surveyRule')),
    }),
    route({
      ...{
        method: 'delete',
        path: '/survey-rules/:id',
        summary: 'Remove a rule of surveys',
        tag: TAG,
        needs: 'surveys.edit',
      },
      ...{ params: ByRule, errors: ['survey_rule_not_found'] },
      handle: ({ params: { id }, identity }) => surveys.removeRule(id, noted(identity, 'removed', 'surveyRule')),
    }),
    route({
      ...{ method: 'post', path: '/calls/:id/survey', tag: TAG, needs: ['desk.use', 'floor.force'], params: ByCall },
      ...{ summary: 'Send the other one of a talk into a survey; the agent is free at once', body: SurveyPush },
      reply: Call,
      errors: [
        ...(['call_not_found', 'not_in_call', 'call_wrong_state'] as const),
        ...(['survey_not_found', 'survey_off', 'survey_none'] as const),
      ],
      handle({ params: { id }, body: { surveyId, station: asked }, identity }) {
        const station = stationOf(ports, identity, asked);
        if (station === null) throw new AppError('call_not_found', { id });
        const call = surveys.push(id, station, surveyId);
        log.info({ callId: id, station, by: identity.user.username }, 'a caller is sent into a survey');
        return call;
      },
    }),
    route({
      ...{ method: 'get', path: '/calls/:id/survey', tag: TAG, needs: ['surveys.view', 'desk.use'], params: ByCall },
      ...{ summary: 'What a caller has answered; an agent gets what was said of him', reply: z.array(SurveyResult) },
      async handle({ params: { id }, identity }) {
        const asked = narrowed(identity, { callId: id, limit: MOST_OF_A_CALL } as SurveyResultQuery);
        return asked === undefined ? [] : (await surveys.results(asked.query, asked.surveyIds)).results;
      },
    }),
    route({
      ...{
        method: 'get',
        path: '/survey-results',
        tag: TAG,
        needs: ['surveys.view', 'desk.use'],
        query: SurveyResultQuery,
      },
      ...{ summary: 'What was answered, newest first; an agent gets what was said of him', reply: SurveyResultList },
      async handle({ query, identity }) {
        const asked = narrowed(identity, query);
        return asked === undefined ? { results: [], before: null } : surveys.results(asked.query, asked.surveyIds);
      },
    }),
    route({
      ...{
        method: 'get',
        path: '/survey-figures',
        tag: TAG,
        needs: ['surveys.view', 'desk.use'],
        query: SurveyFiguresQuery,
      },
      summary: 'Satisfaction: mean score, share of the two best scores and response rate; an agent gets his own',
      reply: z.array(SurveyFigures),
      async handle({ query, identity }) {
        const asked = narrowed(identity, query);
        return asked === undefined ? [] : surveys.figures(asked.query, asked.surveyIds);
      },
    }),
  ];
}
