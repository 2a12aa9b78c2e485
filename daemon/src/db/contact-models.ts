// The tables of those who call, as Sequelize knows them.
import { Model, type Sequelize } from 'sequelize';
import { id, integer, json, text, time } from './columns.js';
import type { ContactNumberRow, ContactRow } from './contact-rows.js';

export function defineContactModels(sequelize: Sequelize) {
  const options = (tableName: string) => ({ sequelize, tableName, modelName: tableName, timestamps: false }) as const;
  const contacts = class extends Model<ContactRow> {};
  contacts.init(
    {
      ...{ id: id(), name: text(), company: text(), level: integer(), tags: json(), address: text(), note: text() },
      ...{ createdAt: time(), updatedAt: time(), updatedBy: text() },
    },
    options('contacts'),
  );
  const contactNumbers = class extends Model<ContactNumberRow> {};
  contactNumbers.init(
    { id: { ...text(), primaryKey: true }, contactId: text(), number: text(), position: integer() },
    options('contactNumbers'),
  );
  return { contacts, contactNumbers };
}
