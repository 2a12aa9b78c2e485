import { z } from 'zod';
import { MailQuery, MailTest, OutgoingMail, Ulid } from '../../contract/index.js';
import type { OutgoingMailRow } from '../../db/index.js';
import { AppError } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Ulid });

export function mailRoutes({ db, log, ports, defaultLanguage }: HttpContext): Route[] {
  return [
    route({
      method: 'get',
      path: '/mail',
      summary: 'Mails on their way out, newest first',
      tag: 'Mail',
      needs: 'settings.view',
      query: MailQuery,
      reply: z.array(OutgoingMail),
      handle: async ({ query }) => (await db.outgoingMail.list(query)).map(shown),
    }),
    route({
      method: 'post',
      path: '/mail/test',
      summary: 'Send a mail to see whether the settings are right; GET /mail tells what came of it',
      tag: 'Mail',
      needs: 'settings.edit',
      body: MailTest,
      reply: OutgoingMail,
      status: 202,
      errors: ['mail_not_set_up'],
      handle: ({ body: { to, language = defaultLanguage }, identity }) =>
        ports.mail.test(to, language, identity.user.username),
    }),
    route({
      method: 'post',
      path: '/mail/:id/retry',
      summary: 'Try a mail again now, also one that was given up',
      tag: 'Mail',
      needs: 'settings.edit',
      params: ById,
      reply: OutgoingMail,
      errors: ['mail_not_found'],
      handle: ({ params: { id } }) => ports.mail.retry(id),
    }),
    route({
      method: 'delete',
      path: '/mail/:id',
      summary: 'Remove a mail; one that waits is not sent',
      tag: 'Mail',
      needs: 'settings.edit',
      params: ById,
      errors: ['mail_not_found'],
      async handle({ params: { id }, identity }) {
        if (!(await db.write((tx) => tx.outgoingMail.remove(id)))) throw new AppError('mail_not_found', { id });
        log.info({ mail: id, by: identity.user.username }, 'mail removed');
      },
    }),
  ];
}

function shown(row: OutgoingMailRow): z.input<typeof OutgoingMail> {
  const { text: _text, attachments: _attachments, messageId: _messageId, ...mail } = row;
  return mail;
}
