// The OpenAPI document without a box that runs: routes are data, and nothing of a box is touched before a request comes.
import { openApiDocument } from './openapi.js';
import { allRoutes } from './routes/index.js';
import type { HttpContext } from './context.js';

export function describeApi(version: string): object {
  return openApiDocument(allRoutes(nothing('http') as HttpContext), version);
}

/** Stands for what a request would work with; may be passed about and taken apart, and fails when it is called. */
function nothing(name: string): unknown {
  return new Proxy(() => undefined, {
    get: (_, key) => (typeof key === 'string' ? nothing(`${name}.${key}`) : undefined),
    apply() {
      throw new Error(`${name}() was called while the API was described`);
    },
  });
}
