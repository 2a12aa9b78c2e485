// The pages' client of the API: TypeScript types of every route, made from the OpenAPI document of the compiled daemon.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { run } from './child.mjs';
import { Failure } from './failure.mjs';
import { inRoot, tool } from './paths.mjs';

export const API_TYPES = 'admin-ui/src/api/generated/schema.d.ts';
const DOCUMENT = 'build/openapi.json';

export async function writeApiTypes(keep) {
  const { describeApi } = await import(inRoot('daemon/dist/http/describe.js'));
  const { version } = JSON.parse(readFileSync(inRoot('daemon/package.json'), 'utf8'));
  for (const file of [DOCUMENT, API_TYPES]) mkdirSync(dirname(inRoot(file)), { recursive: true });
  writeFileSync(inRoot(DOCUMENT), JSON.stringify(describeApi(version)));
  // a field of a body that has a default may be left out
  const args = [inRoot(DOCUMENT), '--output', inRoot(API_TYPES), '--default-non-nullable', 'false'];
  const result = await run(tool('openapi-typescript', 'admin-ui'), args, { cwd: inRoot('admin-ui'), onOutput: keep });
  if (result.code !== 0) throw new Failure('The types of the API could not be made.', result.output);
}

if (process.argv[1] === inRoot('install/lib/api-types.mjs')) await writeApiTypes();
