// SIP telephones in talk with one another and with callers, ready for what a test does with them.
import type { FlowRunner, FlowSession } from '../../daemon/src/calls/index.js';
import type { SegmentRow } from '../../daemon/src/db/index.js';
import type { DialResolution } from '../../daemon/src/lines/index.js';
import { callDesk, flowOf, newest, type CallDesk } from './call-desk.js';
import { turn, until } from './turns.js';

export const STATIONS = [1001, 1002, 1003, 1004] as const;

/** A flow that waits for its call to end. */
export const waits: FlowRunner = flowOf(
  (session: FlowSession) =>
    new Promise((_, reject) => session.signal.addEventListener('abort', () => reject(session.signal.reason as Error))),
);

export const toStation = (station: number): DialResolution => ({ kind: 'station', station });
/** of a leg of the scripted lines */
export const portOf = (leg: number): number => 20_000 + leg;

/** Out over these trunks, with a number of its own for each. */
export const out = (...trunks: string[]): DialResolution => ({
  kind: 'out',
  attempts: trunks.map((trunk) => ({ trunk, number: `${trunk}-13800138000`, callingNumber: '66668888' })),
});

/** Telephones 1001 to 1003 and trunks a and b; 9 is over a and then b. */
export async function dialDesk(): Promise<CallDesk> {
  const desk = await callDesk(waits);
  for (const station of [1001, 1002, 1003]) {
    desk.sip.register(station);
    desk.plan.numbers.set(String(station), toStation(station));
  }
  for (const trunk of ['a', 'b']) desk.sip.addTrunk(trunk);
  desk.plan.numbers.set('9', out('a', 'b'));
  return desk;
}

export const dialSegment = (segments: SegmentRow[]): SegmentRow['data'] =>
  segments.find(({ kind }) => kind === 'dial')!.data;

/** Telephones 1001 to 1004, each with its number; 9 leads out over the trunk a. */
export async function talkDesk(flows: FlowRunner = waits): Promise<CallDesk> {
  const desk = await callDesk(flows);
  for (const station of STATIONS) {
    desk.sip.register(station);
    desk.plan.numbers.set(String(station), toStation(station));
  }
  desk.sip.addTrunk('a');
  desk.plan.numbers.set('9', { kind: 'out', attempts: [{ trunk: 'a', number: '110', callingNumber: '1' }] });
  return desk;
}

/** The leg that is rung there, once it is. */
export async function rung(desk: CallDesk, where: number | string, not?: number): Promise<number> {
  const leg = (): number | undefined => {
    const found = desk.sip.legAt(where)?.leg;
    return found === not ? undefined : found;
  };
  await until(() => leg() !== undefined, `${where} is called`);
  await turn();
  return leg()!;
}

export interface Talk {
  caller: number;
  callee: number;
  callId: string;
}

/** `from`: a telephone, or the trunk that somebody calls in over; `to` is a telephone. */
export async function talk(desk: CallDesk, from: number | string, to: number): Promise<Talk> {
  const before = desk.sip.legAt(to)?.leg;
  const caller =
    typeof from === 'number' ? desk.sip.dials(from, String(to), `Phone ${from}`) : desk.sip.callsIn(from, String(to));
  const callId = newest(desk).id;
  const callee = await rung(desk, to, before);
  desk.sip.answers(callee);
  await until(() => desk.calls.find(callId)?.answeredAt != null, 'they talk');
  await turn();
  return { caller, callee, callId };
}

/** Who hears whom now, as the commands have left it: pairs of ports, smaller first. */
export function connections(desk: CallDesk): [number, number][] {
  const heard = new Map<number, number>();
  const cut = (port: number): void => {
    heard.delete(port);
    for (const [listener, source] of heard) if (source === port) heard.delete(listener);
  };
  for (const { command, params } of desk.engine.commands) {
    if (command === 'bus.connect') {
      const { a, b } = params as { a: number; b: number };
      for (const [port, partner] of [
        [a, b],
        [b, a],
      ] as const) {
        const before = heard.get(port);
        if (before !== undefined && before !== partner) heard.delete(before);
        heard.set(port, partner);
      }
    }
    if (command === 'bus.disconnect') cut((params as { port: number }).port);
  }
  return [...heard].filter(([a, b]) => a < b && heard.get(b) === a);
}

/** What plays where: files by port. */
export function music(desk: CallDesk): number[] {
  return [...desk.engine.plays.values()];
}

/** Whom each port hears now, as the commands have left it: the numbers of the ports, in order. */
export function hears(desk: CallDesk): Record<number, number[]> {
  const sources = new Map<number, number>();
  const rooms = new Map<number, Map<number, { role: string; whisperTo: number | undefined }>>();
  let created = 0;
  const replies = desk.engine.conferences;
  const leave = (port: number): void => rooms.forEach((seats) => seats.delete(port));
  const cut = (port: number): void => {
    const partner = sources.get(port);
    sources.delete(port);
    if (partner !== undefined && sources.get(partner) === port) sources.delete(partner);
  };
  for (const { command, params } of desk.engine.commands) {
    const p = params as Record<string, number> & { role?: string };
    if (command === 'bus.connect') {
      for (const [port, partner] of [
        [p['a']!, p['b']!],
        [p['b']!, p['a']!],
      ] as const) {
        leave(port);
        const before = sources.get(port);
        if (before !== undefined && before !== partner && sources.get(before) === port) sources.delete(before);
      }
      sources.set(p['a']!, p['b']!).set(p['b']!, p['a']!);
    } else if (command === 'bus.listen') {
      leave(p['listener']!);
      sources.set(p['listener']!, p['source']!);
    } else if (command === 'bus.disconnect') cut(p['port']!);
    else if (command === 'conference.create') rooms.set(replies[created++]!, new Map());
    else if (command === 'conference.close') rooms.delete(p['conference']!);
    else if (command === 'conference.leave') leave(p['port']!);
    else if (command === 'conference.join') {
      const room = rooms.get(p['conference']!)!;
      if (!room.has(p['port']!)) {
        leave(p['port']!);
        cut(p['port']!);
      }
      room.set(p['port']!, { role: p.role ?? 'talk', whisperTo: p['whisperTo'] });
    }
  }
  const there = new Set([...desk.sip.legs.values()].map(({ port }) => port));
  const result: Record<number, number[]> = {};
  for (const port of there) {
    const heard = new Set<number>();
    const source = sources.get(port);
    if (source !== undefined) heard.add(source);
    for (const seats of rooms.values()) {
      if (!seats.has(port)) continue;
      for (const [other, { role, whisperTo }] of seats)
        if (other !== port && (role === 'talk' || whisperTo === port)) heard.add(other);
    }
    result[port] = [...heard].filter((one) => there.has(one)).sort((a, b) => a - b);
  }
  return result;
}
