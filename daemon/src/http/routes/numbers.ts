import { z } from 'zod';
import { DialRight, DialRightPut, NumberInfo } from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import { audit } from '../audit.js';
import type { HttpContext } from '../context.js';
import { invalidBody } from '../invalid-body.js';
import { route, type Route } from '../route.js';

const BySubject = DialRight.pick({ subject: true });

export function numberRoutes({ db, clock, ports }: HttpContext): Route[] {
  return [
    route({
      ...{ method: 'get', path: '/numbers/:number', summary: 'Form, region and carrier of a telephone number' },
      ...{ tag: 'Numbers', needs: 'signedIn', reply: NumberInfo },
      params: z.strictObject({ number: z.string().regex(/^\+?[0-9 ().-]{1,40}$/) }),
      handle: ({ params: { number } }) => ports.routing.numberInfo(number),
    }),
    route({
      ...{ method: 'get', path: '/dial-rights', summary: 'What telephones and agents may do beyond their accounts' },
      ...{ tag: 'Routes', needs: 'routes.view', reply: z.array(DialRight) },
      handle: () => db.dialRights.list(),
    }),
    route({
      ...{ method: 'put', path: '/dial-rights/:subject', summary: 'Numbers to show, and when to dial outside' },
      ...{ tag: 'Routes', needs: 'routes.edit', params: BySubject, body: DialRightPut, reply: DialRight },
      handle: ({ params: { subject }, body, identity }) =>
        db.write(async (tx) => {
          const { calendar } = body;
          if (calendar !== null && (await tx.calendars.find(calendar.calendarId)) === null)
            throw invalidBody('calendar.calendarId', new AppError('calendar_not_found', { id: calendar.calendarId }));
          const before = await tx.dialRights.find(subject);
          const after = { subject, ...body };
          await tx.dialRights.put(after);
          const action = before === null ? 'created' : 'changed';
          await audit(tx, clock.wallMs(), identity, {
            action,
            objectKind: 'dialRight',
            objectId: subject,
            before,
            after,
          });
          return after;
        }),
    }),
    route({
      ...{ method: 'delete', path: '/dial-rights/:subject', summary: 'What the account says holds again' },
      ...{ tag: 'Routes', needs: 'routes.edit', params: BySubject, errors: ['dial_right_not_found'] },
      handle: ({ params: { subject }, identity }) =>
        db.write(async (tx) => {
          const before = await tx.dialRights.find(subject);
          if (!(await tx.dialRights.remove(subject))) throw new AppError('dial_right_not_found', { subject });
          await audit(tx, clock.wallMs(), identity, {
            action: 'removed',
            objectKind: 'dialRight',
            objectId: subject,
            before,
          });
        }),
    }),
  ];
}
