// The pages' client of the API: TypeScript types of every route, made from the OpenAPI document of the compiled daemon.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

import { inRoot } from './paths.mjs';

// It is the pages' dependency, with a compiler of its own.
const require = createRequire(inRoot('admin-ui/package.json'));

export const API_TYPES = 'admin-ui/src/api/generated/schema.d.ts';

export async function writeApiTypes() {
  const { default: openapiTS, astToString } = require('openapi-typescript');
  const { describeApi } = await import(inRoot('daemon/dist/http/describe.js'));
  const { version } = JSON.parse(readFileSync(inRoot('daemon/package.json'), 'utf8'));
  // through JSON, as the box tells it
  const tree = await openapiTS(JSON.parse(JSON.stringify(describeApi(version))), {
    // a field of a body that has a default may be left out
    defaultNonNullable: false,
  });
  const types = astToString(tree);
  mkdirSync(dirname(inRoot(API_TYPES)), { recursive: true });
  writeFileSync(inRoot(API_TYPES), `// Made from the OpenAPI document; not to be edited.\n${types}`);
}

if (process.argv[1] === inRoot('install/lib/api-types.mjs')) await writeApiTypes();
