// Text in XML documents. Names that callers give themselves stand in them.

/** Control characters, also those that XML 1.0 allows: nothing here has lines. Half a pair, and what is no character (XML 2.2). */
const NO_CHARACTERS = /[\p{Control}\p{Surrogate}\ufffe\uffff]/gu;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** For text and for attributes in either quotes. */
export function escapeXml(text: string): string {
  return text.replace(NO_CHARACTERS, ' ').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** `name="value"` of each that has a value, with a space before it. */
export function attributes(values: Readonly<Record<string, string | number | undefined>>): string {
  let text = '';
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) text += ` ${name}="${escapeXml(String(value))}"`;
  }
  return text;
}

export const XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';
