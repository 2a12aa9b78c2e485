// Who is told of what is wrong, by which way, and what has been told.
import { z } from 'zod';
import {
  AlertDelivery,
  AlertList,
  AlertQuery,
  AlertRule,
  AlertRuleCreate,
  AlertRulePatch,
  AlertWay,
  AlertWayList,
  AlertWayPut,
  Ulid,
} from '../../contract/index.js';
import type { AlertNote } from '../../alerts/index.js';
import { audit, type Change } from '../audit.js';
import type { Identity } from '../auth/identity.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Ulid });
const see = { tag: 'Alerts', needs: 'settings.view' } as const;
const edit = { tag: 'Alerts', needs: 'settings.edit' } as const;

export function alertRoutes({ clock, ports: { alerts } }: HttpContext): Route[] {
  const noteOf =
    (identity: Identity, action: Change['action'], objectKind: string): AlertNote =>
    (tx, objectId, states) =>
      audit(tx, clock.wallMs(), identity, { action, objectKind, objectId, ...states });
  return [
    route({
      ...{ ...see, method: 'get', path: '/alerts', query: AlertQuery, reply: AlertList },
      summary: 'What was wrong, and who was told of it',
      handle: ({ query }) => alerts.service.list(query),
    }),
    route({
      ...{ ...edit, method: 'post', path: '/alert-deliveries/:id/retry', params: ById, reply: AlertDelivery },
      summary: 'Tell it again now, also what was given up',
      errors: ['alert_delivery_not_found'],
      handle: ({ params: { id } }) => alerts.service.retry(id),
    }),
    route({
      ...{ ...see, method: 'get', path: '/alert-ways', reply: AlertWayList },
      summary: 'Ways by which somebody is told, without their secrets',
      handle: async () => ({ ways: await alerts.service.ways(), snmpEngineId: alerts.engineId() }),
    }),
    route({
      ...{ ...edit, method: 'post', path: '/alert-ways', body: AlertWayPut, reply: AlertWay, status: 201 },
      summary: 'Make a way to tell somebody',
      handle: ({ body, identity }) => alerts.service.putWay(body, noteOf(identity, 'created', 'alertWay')),
    }),
    route({
      ...{ ...edit, method: 'put', path: '/alert-ways/:id', params: ById, body: AlertWayPut, reply: AlertWay },
      summary: 'Change a way; secrets that are left out stay',
      errors: ['alert_way_not_found'],
      async handle({ params: { id }, body, identity }) {
        await alerts.service.mustHaveWay(id);
        return alerts.service.putWay(body, noteOf(identity, 'changed', 'alertWay'), id);
      },
    }),
    route({
      ...{ ...edit, method: 'delete', path: '/alert-ways/:id', params: ById },
      summary: 'Remove a way that no rule uses',
      errors: ['alert_way_not_found', 'alert_way_in_use'],
      handle: ({ params: { id }, identity }) => alerts.service.removeWay(id, noteOf(identity, 'removed', 'alertWay')),
    }),
    route({
      ...{ ...edit, method: 'post', path: '/alert-ways/:id/test', params: ById, reply: AlertDelivery },
      summary: 'Send a test by this way now; answers with what came of it',
      errors: ['alert_way_not_found'],
      handle: ({ params: { id }, identity }) => alerts.service.test(id, identity.user.username),
    }),
    route({
      ...{ ...see, method: 'get', path: '/alert-rules', reply: z.array(AlertRule) },
      summary: 'Rules: who is told of what, and when',
      handle: () => alerts.service.rules(),
    }),
    route({
      ...{ ...edit, method: 'post', path: '/alert-rules', body: AlertRuleCreate, reply: AlertRule, status: 201 },
      summary: 'Make a rule',
      errors: ['alert_way_not_found'],
      handle: ({ body, identity }) => alerts.service.createRule(body, noteOf(identity, 'created', 'alertRule')),
    }),
    route({
      ...{ ...edit, method: 'patch', path: '/alert-rules/:id', params: ById, body: AlertRulePatch, reply: AlertRule },
      summary: 'Change a rule',
      errors: ['alert_rule_not_found', 'alert_way_not_found'],
      handle: ({ params: { id }, body, identity }) =>
        alerts.service.changeRule(id, body, noteOf(identity, 'changed', 'alertRule')),
    }),
    route({
      ...{ ...edit, method: 'delete', path: '/alert-rules/:id', params: ById, errors: ['alert_rule_not_found'] },
      summary: 'Remove a rule',
      handle: ({ params: { id }, identity }) => alerts.service.removeRule(id, noteOf(identity, 'removed', 'alertRule')),
    }),
  ];
}
