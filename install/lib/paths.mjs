// Where things are.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export const inRoot = (...parts) => join(root, ...parts);

/** The file of a tool that npm installed, in the workspace's own node_modules or the common one. */
export function tool(name, workspace = '.') {
  const own = inRoot(workspace, 'node_modules/.bin', name);
  return existsSync(own) ? own : inRoot('node_modules/.bin', name);
}
