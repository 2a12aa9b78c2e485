import { z } from 'zod';
import { Span, Station, SystemInfo } from '../../contract/index.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';
import { systemInfo } from '../system-info.js';

export function hardwareRoutes(http: HttpContext): Route[] {
  const { ports } = http;
  return [
    route({
      method: 'get',
      path: '/spans',
      summary: 'The E1s and their timeslots',
      tag: 'Hardware',
      needs: 'trunks.view',
      reply: z.array(Span),
      handle: () => ports.engine.spans(),
    }),
    route({
      method: 'get',
      path: '/stations',
      summary: "The agents' telephones",
      tag: 'Hardware',
      needs: ['stations.view', 'floor.view'],
      reply: z.array(Station),
      handle: () => ports.engine.stations(),
    }),
    route({
      method: 'get',
      path: '/system',
      summary: 'The machine, the media tick and the counters',
      tag: 'System',
      needs: 'health.view',
      reply: SystemInfo,
      handle: () => systemInfo(http),
    }),
    route({
      method: 'get',
      path: '/engine/dump',
      summary: 'All the engine knows, for people',
      tag: 'System',
      needs: 'health.view',
      replyType: 'text/plain; charset=utf-8',
      errors: ['engine_closed'],
      handle: () => ports.engine.dump(),
    }),
  ];
}
