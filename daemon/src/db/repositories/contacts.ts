// Those who call, with their numbers.
import { Op, type WhereOptions } from 'sequelize';
import type { Contact } from '../../contract/index.js';
import type { ContactNumberRow, ContactRow, ContactsWrite } from '../contact-rows.js';
import type { Models } from '../models.js';
import { Table, type Scope } from './table.js';

/** So many who have a number, or a part of it, are looked at; whoever searches writes more of it then. */
const MOST_BY_NUMBER = 500;

export function contactsRepository(models: Models, scope: Scope): ContactsWrite {
  const contacts = new Table<ContactRow>(models.contacts, scope, { json: ['tags'], wide: ['createdAt', 'updatedAt'] });
  const numbers = new Table<ContactNumberRow>(models.contactNumbers, scope);

  async function withNumbers(rows: ContactRow[]): Promise<Contact[]> {
    if (rows.length === 0) return [];
    const found = await numbers.all({ where: { contactId: rows.map(({ id }) => id) }, order: ['position'] });
    return rows.map((row) => ({
      ...row,
      numbers: found.filter(({ contactId }) => contactId === row.id).map(({ number }) => number),
    }));
  }

  async function idsWith(where: WhereOptions): Promise<string[]> {
    return (await numbers.all({ where, limit: MOST_BY_NUMBER })).map(({ contactId }) => contactId);
  }

  async function putNumbers(contactId: string, given: readonly string[]): Promise<void> {
    await numbers.removeWhere({ contactId });
    for (const [position, number] of [...new Set(given)].entries())
      await numbers.insert({ id: `${contactId}/${number}`, contactId, number, position });
  }

  return {
    async find(id) {
      const row = await contacts.find(id);
      return row === null ? null : ((await withNumbers([row]))[0] ?? null);
    },
    async list({ number, text, before, limit }) {
      const all: WhereOptions[] = [];
      if (before !== undefined) all.push({ id: { [Op.lt]: before } });
      if (number !== undefined) all.push({ id: await idsWith({ number }) });
      if (text !== undefined) {
        // What stands for others in LIKE, which databases escape each in its way, is looked at below.
        const part = `%${text.replaceAll(/[\\%]/g, '_')}%`;
        const digits = text.replaceAll(/[ ().+-]/g, '');
        const byNumber = /^[0-9]{2,}$/.test(digits) ? await idsWith({ number: { [Op.like]: `%${digits}%` } }) : [];
        all.push({ [Op.or]: [{ name: { [Op.like]: part } }, { company: { [Op.like]: part } }, { id: byNumber }] });
      }
      const found = await withNumbers(await contacts.all({ where: { [Op.and]: all }, order: [['id', 'DESC']], limit }));
      if (text === undefined || !/[\\%_]/.test(text)) return found;
      return found.filter(({ name, company }) => `${name}\n${company}`.toLowerCase().includes(text.toLowerCase()));
    },
    async insert({ numbers: given, ...row }) {
      await contacts.insert(row);
      await putNumbers(row.id, given);
    },
    async update(id, { numbers: given, ...patch }) {
      if (!(await contacts.update(id, patch))) return false;
      if (given !== undefined) await putNumbers(id, given);
      return true;
    },
    async remove(id) {
      await numbers.removeWhere({ contactId: id });
      return contacts.remove(id);
    },
  };
}
