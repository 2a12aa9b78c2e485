import { z } from 'zod';
import {
  ExchangeCall,
  ExchangeCallCreate,
  ExchangeDigits,
  ExchangePhone,
  PhoneBehaviour,
  PhonePlay,
  SpanAlarmRequest,
  SpanDchannelRequest,
  SpanRestartRequest,
  Ulid,
} from '../../contract/index.js';
import { AppError, type MessageCode } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';

const ById = z.strictObject({ id: Ulid });
const number = (most: number) =>
  z
    .string()
    .regex(/^[1-9][0-9]{0,3}$/)
    .transform(Number)
    .pipe(z.int().max(most));
const ByStation = z.strictObject({ station: number(9999) });
const BySpan = z.strictObject({ span: number(999) });

/** The simulator behind the virtual cables: calls in, telephones, faults. */
export function exchangeRoutes(http: HttpContext): Route[] {
  const { exchange } = http.ports;
  return [...callRoutes(exchange), ...phoneRoutes(exchange), ...spanRoutes(exchange)];
}

type Exchange = HttpContext['ports']['exchange'];

function callRoutes(exchange: Exchange): Route[] {
  return [
    route({
      method: 'post',
      path: '/exchange/calls',
      summary: 'Call in over a virtual cable',
      tag: 'Simulator',
      needs: 'simulator.use',
      body: ExchangeCallCreate,
      reply: ExchangeCall,
      status: 201,
      errors: ['span_not_found', 'span_busy', 'analog_line_not_found', 'exchange_line_busy', 'clip_not_found'],
      handle: ({ body }) => exchange.place(body),
    }),
    route({
      method: 'get',
      path: '/exchange/calls',
      summary: 'Calls that the simulator placed, newest first',
      tag: 'Simulator',
      needs: 'simulator.use',
      reply: z.array(ExchangeCall),
      handle: () => exchange.calls(),
    }),
    route({
      method: 'get',
      path: '/exchange/calls/:id',
      summary: 'One such call',
      tag: 'Simulator',
      needs: 'simulator.use',
      params: ById,
      reply: ExchangeCall,
      errors: ['exchange_call_not_found'],
      handle({ params: { id } }) {
        const call = exchange.find(id);
        if (call === undefined) throw new AppError('exchange_call_not_found', { id });
        return call;
      },
    }),
    route({
      method: 'delete',
      path: '/exchange/calls/:id',
      summary: 'The caller hangs up',
      tag: 'Simulator',
      needs: 'simulator.use',
      params: ById,
      reply: ExchangeCall,
      errors: ['exchange_call_not_found'],
      handle: ({ params: { id } }) => exchange.hangUp(id),
    }),
    route({
      method: 'post',
      path: '/exchange/calls/:id/digits',
      summary: 'The caller presses keys',
      tag: 'Simulator',
      needs: 'simulator.use',
      params: ById,
      body: ExchangeDigits,
      errors: ['exchange_call_not_found'],
      handle: ({ params: { id }, body }) => exchange.sendDigits(id, body.digits),
    }),
  ];
}

function phoneRoutes(exchange: Exchange): Route[] {
  const common = { tag: 'Simulator', needs: 'simulator.use', params: ByStation, reply: ExchangePhone } as const;
  const errors: readonly MessageCode[] = ['station_not_found', 'phone_wrong_state'];
  return [
    route({
      method: 'get',
      path: '/exchange/phones',
      summary: 'The telephones on the stations',
      tag: 'Simulator',
      needs: 'simulator.use',
      reply: z.array(ExchangePhone),
      handle: () => exchange.phones(),
    }),
    route({
      ...common,
      errors,
      method: 'post',
      path: '/exchange/phones/:station/lift',
      summary: 'Lift the handset',
      handle: ({ params: { station } }) => exchange.lift(station),
    }),
    route({
      ...common,
      errors,
      method: 'post',
      path: '/exchange/phones/:station/hangUp',
      summary: 'Put the handset down',
      handle: ({ params: { station } }) => exchange.hangUpPhone(station),
    }),
    route({
      ...common,
      errors,
      method: 'post',
      path: '/exchange/phones/:station/flash',
      summary: 'Press the hook for a moment',
      handle: ({ params: { station } }) => exchange.flash(station),
    }),
    route({
      ...common,
      errors,
      method: 'post',
      path: '/exchange/phones/:station/dial',
      summary: 'Press keys',
      body: ExchangeDigits,
      handle: ({ params: { station }, body }) => exchange.dial(station, body.digits),
    }),
    route({
      ...common,
      errors: [...errors, 'clip_not_found'],
      method: 'post',
      path: '/exchange/phones/:station/play',
      summary: 'Speak: play a prompt into the handset',
      body: PhonePlay,
      handle: ({ params: { station }, body }) => exchange.play(station, body),
    }),
    route({
      ...common,
      errors: ['station_not_found', 'clip_not_found'],
      method: 'put',
      path: '/exchange/phones/:station/behaviour',
      summary: 'What the telephone does by itself',
      body: PhoneBehaviour,
      handle: ({ params: { station }, body }) => exchange.setBehaviour(station, body),
    }),
  ];
}

function spanRoutes(exchange: Exchange): Route[] {
  const common = { tag: 'Simulator', needs: 'simulator.use', params: BySpan, errors: ['span_not_found'] } as const;
  return [
    route({
      ...common,
      method: 'post',
      path: '/exchange/spans/:span/alarm',
      summary: 'Raise or clear an alarm on an E1',
      body: SpanAlarmRequest,
      handle: ({ params: { span }, body }) => exchange.setAlarm(span, body),
    }),
    route({
      ...common,
      method: 'post',
      path: '/exchange/spans/:span/dchannel',
      summary: 'Cut or mend the D-channel of an E1',
      body: SpanDchannelRequest,
      handle: ({ params: { span }, body }) => exchange.cutDchannel(span, body),
    }),
    route({
      ...common,
      method: 'post',
      path: '/exchange/spans/:span/restart',
      summary: 'Restart a B-channel from the exchange (Q.931 5.5)',
      body: SpanRestartRequest,
      handle: ({ params: { span }, body }) => exchange.restart(span, body),
    }),
  ];
}
