import type { HttpContext } from '../context.js';
import type { Route } from '../route.js';
import { agentRoutes } from './agents.js';
import { callRoutes } from './calls.js';
import { exchangeRoutes } from './exchange.js';
import { flowRoutes } from './flows.js';
import { hardwareRoutes } from './hardware.js';
import { queueRoutes } from './queues.js';
import { routeRoutes } from './routes.js';
import { sessionRoutes } from './session.js';
import { userRoutes } from './users.js';

/** Every route under /api/v1 but that of the document made from this table. */
export function allRoutes(http: HttpContext): Route[] {
  return [
    ...sessionRoutes(http),
    ...userRoutes(http),
    ...hardwareRoutes(http),
    ...flowRoutes(http),
    ...routeRoutes(http),
    ...queueRoutes(http),
    ...agentRoutes(http),
    ...callRoutes(http),
    ...exchangeRoutes(http),
  ];
}
