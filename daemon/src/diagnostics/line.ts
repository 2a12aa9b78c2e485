// Lines as cases see them: which port of the bus is which timeslot, and what hangs at the other end.
import type { DiagnosticPair, DiagnosticRig, DiagnosticSpan } from '../contract/index.js';
import type { EngineClient, Snapshot } from '../engine/index.js';
import { AppError } from '../platform/index.js';

/** Where something is sent and where it is looked for. */
export interface Way {
  /** to be put behind the name of a measure: "TS 5", "→", "" */
  at: string;
  send: number;
  receive: number;
}

export interface SpanLine {
  kind: 'span';
  name: string;
  span: number;
  spec: DiagnosticSpan;
  lossDb: number;
  /** timeslots of speech and their ports */
  slots: readonly { timeslot: number; near: number; far: number | undefined }[];
  /** the other end's E1; undefined: a loop, or nothing */
  farSpan: number | undefined;
}

export interface PairLine {
  kind: 'pair';
  name: string;
  spec: DiagnosticPair;
  lossDb: number;
  near: number;
  far: number;
}

export type Line = SpanLine | PairLine;

/** Throws diagnostics_line_unknown, diagnostics_line_twice. */
export function linesOf(rig: DiagnosticRig, snapshot: Snapshot): Line[] {
  const spans = new Map(snapshot.spans.map((one) => [one.span, one]));
  const analogs = new Map(snapshot.analogs.map((one) => [one.analog, one]));
  const taken = new Set<string>();
  const span = (number: number): Snapshot['spans'][number] => {
    const found = spans.get(number);
    if (found === undefined) throw new AppError('diagnostics_line_unknown', { line: `E1 ${number}` });
    if (taken.has(`span ${number}`)) throw new AppError('diagnostics_line_twice', { line: found.name });
    taken.add(`span ${number}`);
    return found;
  };
  const analog = (number: number, kind: 'fxs' | 'fxo'): Snapshot['analogs'][number] => {
    const found = analogs.get(number);
    if (found?.kind !== kind)
      throw new AppError('diagnostics_line_unknown', { line: `${kind.toUpperCase()} ${number}` });
    if (taken.has(`analog ${number}`)) throw new AppError('diagnostics_line_twice', { line: found.name });
    taken.add(`analog ${number}`);
    return found;
  };
  const ofSpans = rig.spans.map((spec): SpanLine => {
    const near = span(spec.span);
    const far = spec.far.kind === 'cable' ? span(spec.far.span) : undefined;
    const farPorts = new Map(far?.timeslots.map(({ timeslot, port }) => [timeslot, port]));
    const loops = spec.far.kind === 'plug' || spec.far.kind === 'remote';
    const slots = near.timeslots.map(({ timeslot, port }) => ({
      ...{ timeslot, near: port },
      far: loops ? port : farPorts.get(timeslot),
    }));
    const usable = spec.far.kind === 'none' ? slots : slots.filter(({ far: at }) => at !== undefined);
    const { lossDb = 0 } = spec;
    return { kind: 'span', name: near.name, span: spec.span, spec, lossDb, slots: usable, farSpan: far?.span };
  });
  const ofPairs = rig.pairs.map((spec): PairLine => {
    const station = analog(spec.station, 'fxs');
    const line = analog(spec.line, 'fxo');
    const { lossDb = 0 } = spec;
    return { kind: 'pair', name: station.name, spec, lossDb, near: station.port, far: line.port };
  });
  return [...ofSpans, ...ofPairs];
}

/** Both directions of a line's one path (of an E1: its first timeslot, or the one named); of a loop there is one. */
export function waysOf(line: Line, index = 0): Way[] {
  const slot = line.kind === 'span' ? line.slots[index % Math.max(1, line.slots.length)] : undefined;
  const near = line.kind === 'span' ? slot?.near : line.near;
  const far = line.kind === 'span' ? slot?.far : line.far;
  if (near === undefined || far === undefined) return [];
  if (near === far) return [{ at: '⟲', send: near, receive: far }];
  return [
    { at: '→', send: near, receive: far },
    { at: '←', send: far, receive: near },
  ];
}

/** How many calls are on these lines, and their legs. */
export function legsOn(lines: readonly Line[], snapshot: Snapshot): Snapshot['legs'] {
  const { spans, analogs } = enginesLines(lines);
  return snapshot.legs.filter((leg) => spans.has(leg.span) || analogs.has(leg.analog));
}

/** The numbers by which the engine knows them, both ends. */
export function enginesLines(lines: readonly Line[]): { spans: Set<number>; analogs: Set<number> } {
  const spans = new Set<number>();
  const analogs = new Set<number>();
  for (const line of lines) {
    if (line.kind === 'span') {
      spans.add(line.span);
      if (line.farSpan !== undefined) spans.add(line.farSpan);
    } else {
      analogs.add(line.spec.station);
      analogs.add(line.spec.line);
    }
  }
  return { spans, analogs };
}

/** Waits until the spans of a line have (no) alarm, or until the time is up. */
export async function alarmOf(engine: EngineClient, line: Line): Promise<boolean> {
  if (line.kind === 'pair') return false;
  const { spans } = await engine.command('engine.snapshot', {});
  return spans.some(({ span, alarms }) => (span === line.span || span === line.farSpan) && alarms.length > 0);
}
