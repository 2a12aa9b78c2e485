// The telephone book as each maker's telephones read it.
import { escaped } from './template.js';
import type { BOOK_FORMS } from './vendors.js';

export interface BookEntry {
  name: string;
  numbers: readonly string[];
}

type BookForm = (typeof BOOK_FORMS)[number];

/** The element around all entries; Grandstream's is of another form altogether. */
const ROOTS: Record<Exclude<BookForm, 'grandstream'>, string> = {
  yealink: 'YealinkIPPhoneDirectory',
  fanvil: 'PhoneDirectory',
  htek: 'PhoneDirectory',
  cisco: 'CiscoIPPhoneDirectory',
};

const HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
const xml = (text: string): string => escaped(text, 'xml');

export function bookText(form: BookForm, entries: readonly BookEntry[]): string {
  if (form === 'grandstream') {
    const contacts = entries.map(({ name, numbers }, at) => {
      const phones = numbers.map(
        (number) =>
          `    <Phone type="Work"><phonenumber>${xml(number)}</phonenumber><accountindex>1</accountindex></Phone>\n`,
      );
      return `  <Contact>\n    <id>${at + 1}</id>\n    <FirstName>${xml(name)}</FirstName>\n${phones.join('')}  </Contact>\n`;
    });
    return `${HEAD}<AddressBook>\n  <version>1</version>\n${contacts.join('')}</AddressBook>\n`;
  }
  const root = ROOTS[form];
  const lines = entries.map(({ name, numbers }) => {
    const telephones = numbers.map((number) => `    <Telephone>${xml(number)}</Telephone>\n`);
    return `  <DirectoryEntry>\n    <Name>${xml(name)}</Name>\n${telephones.join('')}  </DirectoryEntry>\n`;
  });
  return `${HEAD}<${root}>\n${lines.join('')}</${root}>\n`;
}
