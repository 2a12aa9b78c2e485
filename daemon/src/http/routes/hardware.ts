import { z } from 'zod';
import {
  AnalogLine,
  AnalogNumber,
  LineBlock,
  Span,
  SpanNumber,
  Station,
  SystemInfo,
  TimeslotBlock,
  TimeslotNumber,
} from '../../contract/index.js';
import { audit } from '../audit.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';
import { systemInfo } from '../system-info.js';

const number = <S extends typeof SpanNumber>(of: S) =>
  z
    .string()
    .regex(/^[1-9][0-9]{0,3}$/)
    .transform(Number)
    .pipe(of);
const ByLine = z.strictObject({ line: number(AnalogNumber) });
const ByTimeslot = z.strictObject({ span: number(SpanNumber), timeslot: number(TimeslotNumber) });

export function hardwareRoutes(http: HttpContext): Route[] {
  const { clock, db, ports } = http;
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
      method: 'put',
      path: '/spans/:span/timeslots/:timeslot/block',
      summary: 'Take a timeslot of an E1 out of service for calls, or back into it; a call that is on it goes on',
      tag: 'Hardware',
      needs: 'trunks.edit',
      params: ByTimeslot,
      body: TimeslotBlock,
      reply: Span,
      errors: ['span_not_found', 'timeslot_not_found', 'engine_refused', 'engine_closed'],
      async handle({ params: { span, timeslot }, body: { blocked }, identity }) {
        const now = await ports.engine.block(span, timeslot, blocked);
        await db.write((tx) =>
          audit(tx, clock.wallMs(), identity, {
            ...{ action: 'changed', objectKind: 'timeslot', objectId: `${span}/${timeslot}`, after: { blocked } },
          }),
        );
        return now;
      },
    }),
    route({
      method: 'post',
      path: '/spans/:span/timeslots/:timeslot/meter',
      summary: 'Tell the far end of a call in that it costs a unit more (R2, and ISDN where this is the network side)',
      tag: 'Hardware',
      needs: 'trunks.edit',
      params: ByTimeslot,
      errors: ['span_not_found', 'timeslot_not_found', 'timeslot_no_call', 'engine_refused', 'engine_closed'],
      async handle({ params: { span, timeslot }, identity }) {
        await ports.engine.meter(span, timeslot);
        await db.write((tx) =>
          audit(tx, clock.wallMs(), identity, {
            ...{ action: 'changed', objectKind: 'timeslot', objectId: `${span}/${timeslot}`, after: { metered: 1 } },
          }),
        );
      },
    }),
    route({
      method: 'get',
      path: '/lines',
      summary: 'The exchange lines on FXO ports',
      tag: 'Hardware',
      needs: 'trunks.view',
      reply: z.array(AnalogLine),
      handle: () => ports.engine.lines(),
    }),
    route({
      method: 'put',
      path: '/lines/:line/block',
      summary: 'Take an exchange line out of service for calls, or back into it; a call that is on it goes on',
      tag: 'Hardware',
      needs: 'trunks.edit',
      params: ByLine,
      body: LineBlock,
      reply: AnalogLine,
      errors: ['analog_line_not_found'],
      async handle({ params: { line }, body: { blocked }, identity }) {
        const now = ports.engine.blockLine(line, blocked);
        await db.write((tx) =>
          audit(tx, clock.wallMs(), identity, {
            ...{ action: 'changed', objectKind: 'line', objectId: String(line), after: { blocked } },
          }),
        );
        return now;
      },
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
