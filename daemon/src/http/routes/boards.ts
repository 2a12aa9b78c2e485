// Boards behind the driver of the kernel: what there is, what of it the box uses, and having the driver set up for it.
import { BoardsApplied, BoardsDraft, BoardsState } from '../../contract/index.js';
import { audit } from '../audit.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

export function boardRoutes({ clock, db, log, ports }: HttpContext): Route[] {
  const { boards } = ports;
  return [
    route({
      method: 'get',
      path: '/boards',
      summary: 'The boards found, what of them is used, and the files of their driver beside those on disk',
      tag: 'Hardware',
      needs: 'trunks.view',
      reply: BoardsState,
      handle: ({ language }) => boards.state(language),
    }),
    route({
      method: 'post',
      path: '/boards/preview',
      summary: 'The same, as it would be with other settings; nothing is changed',
      tag: 'Hardware',
      needs: 'trunks.edit',
      body: BoardsDraft,
      reply: BoardsState,
      errors: ['settings_invalid'],
      handle: ({ language, body }) => boards.state(language, body),
    }),
    route({
      method: 'put',
      path: '/boards',
      summary: 'Change what of the boards is used and how; holds at the next start',
      tag: 'Hardware',
      needs: 'trunks.edit',
      body: BoardsDraft,
      reply: BoardsState,
      errors: ['settings_invalid'],
      async handle({ language, body, identity }) {
        const { settings, e1, analogs } = boards.state(language);
        boards.put(body);
        const after = boards.state(language);
        await db.write((tx) =>
          audit(tx, clock.wallMs(), identity, {
            ...{ action: 'changed', objectKind: 'settings', objectId: 'boards' },
            ...{
              before: { boards: settings, e1, analogs },
              after: { boards: after.settings, e1: after.e1, analogs: after.analogs },
            },
          }),
        );
        return after;
      },
    }),
    route({
      method: 'post',
      path: '/boards/apply',
      summary: 'Ask root’s helper to set the driver up as the settings have it; calls on boards end',
      tag: 'Hardware',
      needs: 'trunks.edit',
      reply: BoardsApplied,
      errors: ['boards_not_possible', 'boards_being_applied'],
      handle({ language, identity }) {
        const asked = boards.askToApply(language);
        log.warn({ by: identity.user.username }, 'the boards are to be set up');
        return asked;
      },
    }),
    route({
      method: 'delete',
      path: '/boards/apply',
      summary: 'Take the request back, if nobody has begun',
      tag: 'Hardware',
      needs: 'trunks.edit',
      handle: () => boards.takeBack(),
    }),
  ];
}
