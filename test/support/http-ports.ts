// Services that answer what a test put into them.
import { ZoneClock } from '../../daemon/src/calendar/index.js';
import type {
  AnalogLine,
  Agent,
  Call,
  ConferenceStatus,
  Counter,
  ExchangeCall,
  ExchangePhone,
  LiveEvents,
  QueueStatus,
  Span,
  Station,
  TickStatistics,
} from '../../daemon/src/contract/index.js';
import type { Ports } from '../../daemon/src/http/index.js';
import { AppError, TypedEmitter, newUlid } from '../../daemon/src/platform/index.js';
import { validateFlow } from '../../daemon/src/ivr/validate-flow.js';
import { T0 } from './db-rows.js';

export interface FakePorts extends Ports {
  live: TypedEmitter<LiveEvents>;
  world: {
    calls: Call[];
    agents: Agent[];
    queues: QueueStatus[];
    spans: Span[];
    stations: Station[];
    conferences: ConferenceStatus[];
  };
  /** what the routes asked the exchange to do */
  asked: string[];
  tick: TickStatistics;
  counters: Counter[];
}

export function liveCall(over: Partial<Call> = {}): Call {
  return {
    id: newUlid(),
    direction: 'in',
    state: 'live',
    phase: 'queued',
    phaseSince: T0,
    parkingSlot: null,
    parties: [],
    startedAt: T0,
    answeredAt: T0,
    endedAt: null,
    callingNumber: '13800138000',
    callingName: '',
    calledNumber: '4001',
    origin: null,
    treatment: null,
    span: 1,
    timeslot: 1,
    flowId: 'main',
    queueId: 'sales',
    agentId: null,
    digits: '',
    cause: null,
    releasedBy: null,
    ...over,
  };
}

export function liveAgent(over: Partial<Agent> = {}): Agent {
  return {
    id: '2001',
    name: 'Lina',
    queues: ['sales'],
    language: 'zh-CN',
    state: 'ready',
    reason: null,
    station: 1,
    since: T0,
    callId: null,
    ...{ forced: false, reasonOverdue: false, pending: null, wrapUp: null, pausedQueues: [] },
    ...over,
  };
}

export function liveStation(over: Partial<Station> = {}): Station {
  return {
    ...{ station: 1, name: 'x', reachable: true, offHook: false, ringing: false, busy: false },
    ...{ agentId: null, callId: null },
    ...over,
  };
}

export function queueStatus(id: string): QueueStatus {
  return {
    id,
    name: id,
    waiting: 0,
    offering: 0,
    longestWaitSince: null,
    talking: 0,
    agentsSignedIn: 0,
    agentsReady: 0,
    today: { offered: 0, answered: 0, answeredInTime: 0, abandoned: 0, waitTotalMs: 0 },
  };
}

/** No calendars, no lists. */
function idleRouting(): Ports['routing'] {
  const none = (): never => {
    throw new AppError('calendar_not_found', { id: '-' });
  };
  const origin = { country: null, province: null, city: null, carrier: null };
  return {
    calendars: {
      ...{
        zone: new ZoneClock('Asia/Shanghai'),
        list: () => [],
        find: () => undefined,
        applied: () => Promise.resolve(),
      },
      ...{ isOpen: none, onDuty: none },
    },
    lists: { applied: () => Promise.resolve() },
    normalise: (number) => number,
    numberInfo: (number) => ({ number, e164: null, international: null, kind: 'unknown', valid: false, origin }),
    tryRoute: ({ to }) =>
      Promise.resolve({ at: T0, number: to, caller: '', outcome: 'refused', target: {}, treatment: null, steps: [] }),
  };
}

export function fakePorts(): FakePorts {
  const asked: string[] = [];
  const lines: AnalogLine[] = [];
  const world: FakePorts['world'] = {
    calls: [],
    agents: [],
    queues: [],
    spans: [],
    stations: [],
    conferences: [],
  };
  const phone = (station: number): ExchangePhone => ({
    station,
    name: `Station ${station}`,
    offHook: false,
    ringing: false,
    behaviour: { answer: true, answerAfterMs: 1000, play: null, hangUpAfterMs: null, hangUpOnTone: true },
  });
  const placed: ExchangeCall = {
    id: newUlid(),
    span: 1,
    timeslot: 1,
    line: null,
    calledNumber: '4001',
    callingNumber: '',
    callingName: '',
    state: 'calling',
    placedAt: T0,
    answeredAt: null,
    releasedAt: null,
    cause: null,
    releasedBy: null,
  };
  const note = (text: string): void => void asked.push(text);
  const onPhone = (what: string) => (station: number, more?: unknown) => {
    note(`${what} ${station}${more === undefined ? '' : ` ${JSON.stringify(more)}`}`);
    return Promise.resolve(phone(station));
  };
  const onSpan = (what: string) => (span: number, more: unknown) => {
    note(`${what} ${span} ${JSON.stringify(more)}`);
    return Promise.resolve();
  };
  const onCall = (id: string, what: string): Promise<Call> => {
    const call = world.calls.find((one) => one.id === id);
    if (call === undefined) return Promise.reject(new AppError('call_not_found', { id }));
    asked.push(what);
    return Promise.resolve(call);
  };
  const ports: FakePorts = {
    // Tested with whole boxes.
    box: { alarms: () => [] } as Partial<FakePorts['box']> as FakePorts['box'],
    boards: {} as FakePorts['boards'],
    lineQualities: () => [],
    updates: {} as FakePorts['updates'],
    network: {} as FakePorts['network'],
    webPhones: { opens: () => false, available: () => false } as Partial<
      FakePorts['webPhones']
    > as FakePorts['webPhones'],
    world,
    asked,
    tick: {
      ticks: 500,
      missed: 2,
      p50Us: 100,
      p99Us: 250,
      maxUs: 900,
      latenessP50Us: 10,
      latenessP99Us: 40,
      latenessMaxUs: 70,
      realtime: true,
      threads: 1,
    },
    counters: [{ name: 'frames_lost', doc: 'Frames that were lost', value: 7 }],
    calls: {
      live: () => world.calls,
      find: (id) => world.calls.find((call) => call.id === id),
      originate(station, number) {
        asked.push(`call ${number} from ${station}`);
        return Promise.resolve(
          liveCall({ callingNumber: String(station), calledNumber: number, direction: 'internal' }),
        );
      },
      stored: () => Promise.resolve(),
      pickUpAt: (station, from) => {
        asked.push(`pick up ${from.join()} at ${station}`);
        return Promise.resolve(liveCall({ calledNumber: String(from[0]) }));
      },
      takeParkedAt: (id, station) => onCall(id, `take ${station}`),
      act: (id, station, { action }) => onCall(id, `${action} ${station}`),
      supervise: (id, { action }, by) => onCall(id, `${action} by ${by}`),
      record(callId, action, by) {
        note(`record ${callId} ${action} ${by}`);
        return Promise.resolve({ callId, state: action === 'pause' ? 'paused' : 'recording' });
      },
      recordingOf: (callId) => ({ callId, state: 'recording' }),
    },
    routing: idleRouting(),
    // Put in by the box that has a folder for them.
    recordings: undefined as never,
    voicemail: undefined as never,
    callbacks: undefined as never,
    surveys: undefined as never,
    reports: undefined as never,
    conferences: undefined as never,
    voice: undefined as never,
    mail: {
      test: () => Promise.reject(new AppError('mail_not_set_up')),
      retry: (id) => Promise.reject(new AppError('mail_not_found', { id })),
    },
    agents: {
      list: () => world.agents,
      find: (id) => world.agents.find((agent) => agent.id === id),
      setState(id, request) {
        const agent = world.agents.find((one) => one.id === id);
        if (agent === undefined) return Promise.reject(new AppError('agent_not_found', { id }));
        return Promise.resolve({ ...agent, state: request.state, reason: request.reason ?? null });
      },
      extendWrapUp: (id) => Promise.reject(new AppError('wrap_up_at_limit', { id })),
      setQueueActive: (id, queue) => Promise.reject(new AppError('agent_not_in_queue', { id, queue })),
    },
    // Put in by the box that has a database for it.
    desk: undefined as never,
    queues: { list: () => world.queues, waiting: () => [] },
    flows: {
      validate: (definition, language) => Promise.resolve(validateFlow(definition, {}, language)),
      kinds: () => [],
      traces: () => Promise.resolve([]),
      callers: () => ({ nodes: {}, callers: [] }),
      dryRun: () => Promise.resolve({ steps: [], heard: [], ended: 'finished', cause: null }),
      expectCall: () => Promise.resolve('0009912345'),
      usesOf: () => Promise.resolve([]),
    },
    prompts: {
      list: () => Promise.resolve([]),
      file: (name, language) => Promise.reject(new AppError('prompt_not_found', { name, language })),
      upload: (name, language) => Promise.reject(new AppError('prompt_not_found', { name, language })),
      speak: (name, language) => Promise.reject(new AppError('prompt_not_found', { name, language })),
      remove: (name, language) => Promise.reject(new AppError('prompt_not_found', { name, language })),
      lastOf: () => Promise.resolve(true),
      search: () => Promise.resolve({ prompts: [], total: 0 }),
      call: (name) => Promise.reject(new AppError('prompt_not_found', { name, language: 'en' })),
    },
    // Stands in until a test's own is put in its place.
    music: {
      list: () => Promise.resolve([]),
      put: (id) => Promise.reject(new AppError('music_not_found', { id })),
      remove: (id) => Promise.reject(new AppError('music_not_found', { id })),
      file: (id) => Promise.reject(new AppError('music_not_found', { id })),
      upload: (id) => Promise.reject(new AppError('music_not_found', { id })),
      removePiece: (id) => Promise.reject(new AppError('music_not_found', { id })),
    },
    engine: {
      spans: () => Promise.resolve(world.spans),
      lines: () => lines,
      blockLine(line, blocked) {
        const known = lines.find((one) => one.line === line);
        if (known === undefined) throw new AppError('analog_line_not_found', { line });
        known.blocked = blocked;
        return known;
      },
      block(span, timeslot, blocked) {
        const known = world.spans.find((one) => one.span === span);
        if (known === undefined) return Promise.reject(new AppError('span_not_found', { span }));
        const slot = known.timeslots.find((one) => one.timeslot === timeslot);
        if (slot === undefined) return Promise.reject(new AppError('timeslot_not_found', { span, timeslot }));
        slot.blocked = blocked ? 'here' : 'no';
        return Promise.resolve(known);
      },
      meter(span, timeslot) {
        const slot = world.spans.find((one) => one.span === span)?.timeslots.find((one) => one.timeslot === timeslot);
        if (slot === undefined) return Promise.reject(new AppError('timeslot_not_found', { span, timeslot }));
        return slot.busy ? Promise.resolve() : Promise.reject(new AppError('timeslot_no_call', { span, timeslot }));
      },
      stations: () => Promise.resolve(world.stations),
      statistics: () => Promise.resolve({ tick: ports.tick, counters: ports.counters }),
      recordingDisk: () => ({ state: 'good', detail: '' }),
      dump: () => Promise.resolve('all there is'),
    },
    exchange: {
      place(request) {
        note(`place ${JSON.stringify(request)}`);
        return Promise.resolve(placed);
      },
      calls: () => [placed],
      find: (id) => (id === placed.id ? placed : undefined),
      hangUp: (id) =>
        id === placed.id ? Promise.resolve(placed) : Promise.reject(new AppError('exchange_call_not_found', { id })),
      sendDigits(id, digits) {
        note(`digits ${id} ${digits}`);
        return Promise.resolve();
      },
      phones: () => [phone(1)],
      lift: onPhone('lift'),
      hangUpPhone: onPhone('hangUp'),
      flash: onPhone('flash'),
      dial: onPhone('dial'),
      play: onPhone('play'),
      setBehaviour: onPhone('behaviour'),
      setAlarm: onSpan('alarm'),
      cutDchannel: onSpan('dchannel'),
      restart: onSpan('restart'),
    },
    sip: { listening: () => undefined, applied: () => Promise.resolve(), trunks: () => [] },
    phones: undefined as never,
    alerts: undefined as never,
    trunkTests: {
      ask: () => Promise.resolve([]),
      call: (trunk) => Promise.reject(new AppError('trunk_not_found', { id: trunk })),
    },
    diagnostics: {
      cases: () => [],
      inventory: () => Promise.resolve({ boxSerial: '', driver: '', boards: [], lines: [], pairs: [] }),
      alarms: () => [],
      begin: () => Promise.reject(new AppError('diagnostics_running')),
      run: () => Promise.resolve(null),
      continue() {
        throw new AppError('diagnostics_not_running');
      },
      cancel: () => Promise.reject(new AppError('diagnostics_not_running')),
      reports: () => [],
      file: (id) => Promise.reject(new AppError('diagnostics_report_not_found', { id })),
      verify: () => ({
        ...{ valid: false, why: 'notAReport' as const, fingerprint: '', ownFingerprint: '' },
        entry: null,
      }),
    },
    live: new TypedEmitter<LiveEvents>(),
  };
  return ports;
}
