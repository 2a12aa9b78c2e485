// Cards and what is signalled on their lines. Each part is a file of ../cards that exports a function of its own name: what else lies
// there helps them.
import { readdirSync } from 'node:fs';

const folder = new URL('../cards/', import.meta.url);

export const parts = {};
for (const file of readdirSync(folder).sort()) {
  const name = file.replace(/\.mjs$/, '').replace(/-([a-z])/g, (_, letter) => letter.toUpperCase());
  const exported = await import(new URL(file, folder));
  if (name in exported) parts[name] = exported[name];
}
