// Where the parts of an installation are, counted from this file: daemon/dist/main/ and daemon/src/main/ lie equally deep.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

/** prompts that set-up has spoken: <folder>/<language>/<name>.wav */
export const BUNDLED_PROMPTS = at('build/prompts');
/** regions and carriers of numbers */
export const NUMBERS = at('firmware-config/numbers');
/** makers of telephones and the files that these fetch */
export const PHONES = at('firmware-config/phones');
/** the built pages */
export const PAGES = at('admin-ui/dist');

/** As package.json of the daemon has it. */
export function version(): string {
  return (JSON.parse(readFileSync(at('daemon/package.json'), 'utf8')) as { version: string }).version;
}
