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
import type { HttpContext } from '../context.js';
import type { SurveyNote } from '../ports.js';
import { ADMIN, ANYONE_SIGNED_IN, STAFF, route, type Route } from '../route.js';

const ById = z.strictObject({ id: Slug });
const ByRule = z.strictObject({ id: Ulid });
const ByCall = z.strictObject({ id: Ulid });
const TAG = 'Surveys';
/** runs of one call: one a talk, and what flows ask */
const MOST_OF_A_CALL = 100;

export function surveyRoutes({ clock, log, ports }: HttpContext): Route[] {
  const { surveys, agents } = ports;

  /** An agent's own, of the surveys that show it to him; undefined: he is nobody. */
  function narrowed<Q extends { agentId?: string | undefined }>(
    { user }: Identity,
    query: Q,
  ): { query: Q; surveyIds: string[] | undefined } | undefined {
    if (user.role !== 'agent') return { query, surveyIds: undefined };
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
      ...{ roles: ANYONE_SIGNED_IN, reply: z.array(Survey) },
      handle: () => surveys.list(),
    }),
    route({
      ...{ method: 'get', path: '/surveys/:id', summary: 'One survey', tag: TAG, roles: STAFF },
      ...{ params: ById, reply: Survey, errors: ['survey_not_found'] },
      handle: ({ params: { id } }) => surveys.get(id),
    }),
    route({
      ...{ method: 'post', path: '/surveys', summary: 'Make a survey', tag: TAG, roles: ADMIN, status: 201 },
      ...{ body: SurveyCreate, reply: Survey, errors: ['survey_exists'] },
      handle: ({ body, identity }) =>
        surveys.create(body, identity.user.username, noted(identity, 'created', 'survey')),
    }),
    route({
      ...{ method: 'patch', path: '/surveys/:id', tag: TAG, roles: ADMIN, params: ById, body: SurveyPatch },
      ...{ summary: 'Change a survey; those who are being asked keep what they came into' },
      ...{ reply: Survey, errors: ['survey_not_found'] },
      handle: ({ params: { id }, body, identity }) =>
        surveys.change(id, body, identity.user.username, noted(identity, 'changed', 'survey')),
    }),
    route({
      ...{ method: 'delete', path: '/surveys/:id', summary: 'Remove a survey; what was answered stays', tag: TAG },
      ...{ roles: ADMIN, params: ById, errors: ['survey_not_found', 'survey_in_use'] },
      handle: ({ params: { id }, identity }) => surveys.remove(id, noted(identity, 'removed', 'survey')),
    }),
    route({
      ...{ method: 'get', path: '/survey-rules', tag: TAG, roles: STAFF, reply: z.array(SurveyRule) },
      summary: 'Who is asked when his agent has hung up: the first rule that fits says so',
      handle: () => [...surveys.rules()],
    }),
    route({
      ...{ method: 'post', path: '/survey-rules', summary: 'Make a rule of surveys', tag: TAG, roles: ADMIN },
      ...{ body: SurveyRuleCreate, reply: SurveyRule, status: 201 },
      handle: ({ body, identity }) => surveys.createRule(body, noted(identity, 'created', 'surveyRule')),
    }),
    route({
      ...{ method: 'patch', path: '/survey-rules/:id', summary: 'Change a rule of surveys', tag: TAG, roles: ADMIN },
      ...{ params: ByRule, body: SurveyRulePatch, reply: SurveyRule, errors: ['survey_rule_not_found'] },
      handle: ({ params: { id }, body, identity }) =>
        surveys.changeRule(id, body, noted(identity, 'changed', 'surveyRule')),
    }),
    route({
      ...{ method: 'delete', path: '/survey-rules/:id', summary: 'Remove a rule of surveys', tag: TAG, roles: ADMIN },
      ...{ params: ByRule, errors: ['survey_rule_not_found'] },
      handle: ({ params: { id }, identity }) => surveys.removeRule(id, noted(identity, 'removed', 'surveyRule')),
    }),
    route({
      ...{ method: 'post', path: '/calls/:id/survey', tag: TAG, roles: ANYONE_SIGNED_IN, params: ByCall },
      ...{ summary: 'Send the other one of a talk into a survey; the agent is free at once', body: SurveyPush },
      reply: Call,
      errors: [
        ...(['call_not_found', 'not_in_call', 'call_wrong_state'] as const),
        ...(['survey_not_found', 'survey_off', 'survey_none'] as const),
      ],
      handle({ params: { id }, body: { surveyId, station: asked }, identity: { user } }) {
        const own = user.agentId === null ? null : (agents.find(user.agentId)?.station ?? null);
        const station = user.role !== 'agent' ? (asked ?? own) : asked === undefined || asked === own ? own : null;
        if (station === null) throw new AppError('call_not_found', { id });
        const call = surveys.push(id, station, surveyId);
        log.info({ callId: id, station, by: user.username }, 'a caller is sent into a survey');
        return call;
      },
    }),
    route({
      ...{ method: 'get', path: '/calls/:id/survey', tag: TAG, roles: ANYONE_SIGNED_IN, params: ByCall },
      ...{ summary: 'What a caller has answered; an agent gets what was said of him', reply: z.array(SurveyResult) },
      async handle({ params: { id }, identity }) {
        const asked = narrowed(identity, { callId: id, limit: MOST_OF_A_CALL } as SurveyResultQuery);
        return asked === undefined ? [] : (await surveys.results(asked.query, asked.surveyIds)).results;
      },
    }),
    route({
      ...{ method: 'get', path: '/survey-results', tag: TAG, roles: ANYONE_SIGNED_IN, query: SurveyResultQuery },
      ...{ summary: 'What was answered, newest first; an agent gets what was said of him', reply: SurveyResultList },
      async handle({ query, identity }) {
        const asked = narrowed(identity, query);
        return asked === undefined ? { results: [], before: null } : surveys.results(asked.query, asked.surveyIds);
      },
    }),
    route({
      ...{ method: 'get', path: '/survey-figures', tag: TAG, roles: ANYONE_SIGNED_IN, query: SurveyFiguresQuery },
      summary: 'Satisfaction: mean score, share of the two best scores and response rate; an agent gets his own',
      reply: z.array(SurveyFigures),
      async handle({ query, identity }) {
        const asked = narrowed(identity, query);
        return asked === undefined ? [] : surveys.figures(asked.query, asked.surveyIds);
      },
    }),
  ];
}
