// docs/settings.md and the settings that there are: the same ones, with the same variables and defaults.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { HOME_VARIABLE, SettingsSchema, VARIABLES } from '../../daemon/src/config/index.js';
import { EDITABLE } from '../../daemon/src/settings/index.js';

interface Node {
  properties?: Record<string, Node>;
  default?: unknown;
}

/** path → default, as it is written down */
function settings(): Map<string, string> {
  const found = new Map<string, string>();
  const walk = (node: Node, path: string[]): void => {
    if (node.properties === undefined) found.set(path.join('.'), written(node.default));
    else for (const [name, inner] of Object.entries(node.properties)) walk(inner, [...path, name]);
  };
  walk(z.toJSONSchema(SettingsSchema, { io: 'input' }) as Node, []);
  // Of the file itself; and of the machine.
  found.delete('version');
  found.set('timeZone', "the machine's");
  return found;
}

function written(value: unknown): string {
  if (Array.isArray(value)) return value.join(', ');
  return value === undefined || typeof value === 'object' ? '' : String(value);
}

const text = readFileSync(new URL('../../docs/settings.md', import.meta.url), 'utf8');
const rows = [...text.matchAll(/^\| `([A-Za-z0-9.]+)` \|([^|]*)\|([^|]*)\|([^|]*)\|$/gm)].map(
  ([, path = '', variable = '', standard = '', what = '']) => ({
    ...{ path, variable: variable.trim(), standard: standard.trim(), what: what.trim() },
  }),
);

test('each setting is documented with its default, and each that is documented exists', () => {
  expect(new Map(rows.map(({ path, standard }) => [path, standard]))).toEqual(settings());
});

test('each variable stands at its setting, and there only', () => {
  const said = rows.filter(({ variable }) => variable !== '').map(({ path, variable }) => `${path} ${variable}`);
  const are = Object.entries(VARIABLES).flatMap(([name, { setting, kind }]) => {
    const path = setting.join('.');
    return kind === 'range' ? [`${path}.first ${name}`, `${path}.last ${name}`] : [`${path} ${name}`];
  });
  // The address of two settings at once stands in the text.
  expect(said.sort()).toEqual(are.filter((one) => !one.endsWith(' CORDBOARD_BIND')).sort());
  for (const name of ['CORDBOARD_BIND', HOME_VARIABLE]) expect(text).toContain(`\`${name}\``);
});

test('what a page may change can be given in the environment, too', () => {
  const given = new Set(rows.filter(({ variable }) => variable !== '').map(({ path }) => path));
  expect(Object.keys(EDITABLE).filter((path) => !given.has(path))).toEqual([]);
});
