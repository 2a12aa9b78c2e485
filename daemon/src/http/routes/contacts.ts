// Who calls: looked up by the number that rings, written down with one click, and what was said before.
import { z } from 'zod';
import {
  Contact,
  ContactCallList,
  ContactCallQuery,
  ContactCreate,
  ContactList,
  ContactPatch,
  ContactQuery,
  Ulid,
} from '../../contract/index.js';
import { AppError, newUlid } from '../../platform/index.js';
import { audit } from '../audit.js';
import { mustMay } from '../auth/identity.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Ulid });
const TAG = 'Contacts';
/** what is dialled before a number for a line out, when the number stands as it was dialled */
const OUTSIDE = '0';

export function contactRoutes({ db, clock, ports }: HttpContext): Route[] {
  const asDialled = (number: string): string => ports.routing.normalise(number.replaceAll(/[ ().-]/g, ''));

  return [
    route({
      ...{ method: 'get', path: '/contacts', summary: 'Those who have called, newest first', tag: TAG },
      ...{ needs: ['desk.use', 'calls.view'], query: ContactQuery, reply: ContactList },
      async handle({ query: { number, limit, ...query } }) {
        // One more than asked for tells whether there is a next page.
        const wanted = { ...query, limit: limit + 1, number: number === undefined ? undefined : asDialled(number) };
        const rows = await db.contacts.list(wanted);
        const contacts = rows.slice(0, limit);
        return { contacts, before: rows.length > limit ? (contacts.at(-1)?.id ?? null) : null };
      },
    }),
    route({
      ...{ method: 'get', path: '/contacts/:id', summary: 'One of them', tag: TAG, needs: ['desk.use', 'calls.view'] },
      ...{ params: ById, reply: Contact, errors: ['contact_not_found'] },
      async handle({ params: { id } }) {
        const found = await db.contacts.find(id);
        if (found === null) throw new AppError('contact_not_found', { id });
        return found;
      },
    }),
    route({
      ...{ method: 'post', path: '/contacts', summary: 'Write down who has called', tag: TAG, status: 201 },
      ...{ needs: 'desk.use', body: ContactCreate, reply: Contact },
      async handle({ body, identity }) {
        const at = clock.wallMs();
        const contact: Contact = {
          ...{ ...body, id: newUlid(), numbers: body.numbers.map(asDialled) },
          ...{ createdAt: at, updatedAt: at, updatedBy: identity.user.username },
        };
        await db.write((tx) => tx.contacts.insert(contact));
        return contact;
      },
    }),
    route({
      ...{ method: 'patch', path: '/contacts/:id', summary: 'Change what is known of him', tag: TAG },
      ...{
        needs: 'desk.use',
        params: ById,
        body: ContactPatch,
        reply: Contact,
        errors: ['contact_not_found'],
      },
      handle: ({ params: { id }, body, identity }) =>
        db.write(async (tx) => {
          const stamp = { updatedAt: clock.wallMs(), updatedBy: identity.user.username };
          const { numbers, ...rest } = body;
          const patch = numbers === undefined ? rest : { ...rest, numbers: numbers.map(asDialled) };
          await tx.contacts.update(id, { ...patch, ...stamp });
          const after = await tx.contacts.find(id);
          if (after === null) throw new AppError('contact_not_found', { id });
          return after;
        }),
    }),
    route({
      ...{ method: 'delete', path: '/contacts/:id', summary: 'Remove him; his calls stay', tag: TAG },
      ...{ needs: 'floor.view', params: ById, errors: ['contact_not_found'] },
      handle({ params: { id }, identity }) {
        mustMay(identity, ['desk.use']);
        return db.write(async (tx) => {
          const before = await tx.contacts.find(id);
          if (before === null) throw new AppError('contact_not_found', { id });
          await tx.contacts.remove(id);
          const change = { action: 'removed', objectKind: 'contact', objectId: id, before } as const;
          await audit(tx, clock.wallMs(), identity, change);
        });
      },
    }),
    route({
      ...{ method: 'get', path: '/contact-calls', tag: TAG, needs: ['desk.use', 'calls.view'] },
      summary: 'Calls from and to a number, newest first, whoever took them, with what was noted',
      ...{ query: ContactCallQuery, reply: ContactCallList },
      async handle({ query: { number, limit, before } }) {
        const plain = number
          .split(',')
          .filter((one) => one !== '')
          .map(asDialled);
        const numbers = [...new Set([...plain, ...plain.map((one) => OUTSIDE + one)])];
        const rows = await db.calls.list({ numbers, before, limit: limit + 1 });
        const page = rows.slice(0, limit);
        const calls = await Promise.all(
          page.map(async (row) => {
            const agent = row.agentId === null ? null : (ports.agents.find(row.agentId) ?? null);
            const spoken = row.answeredAt !== null && row.endedAt !== null && row.agentId !== null;
            return {
              ...{ id: row.id, direction: row.direction, state: row.state, startedAt: row.startedAt },
              ...{ number: row.direction === 'out' ? row.calledNumber : row.callingNumber, answeredAt: row.answeredAt },
              durationMs: spoken ? (row.endedAt ?? 0) - (row.answeredAt ?? 0) : null,
              ...{ queueId: row.queueId, agentId: row.agentId, agentName: agent?.name ?? null },
              notes: await ports.desk.notesOf(row.id),
            };
          }),
        );
        return { calls, before: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
      },
    }),
  ];
}
