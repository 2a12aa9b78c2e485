import type {
  BoardAnalog,
  BoardE1,
  BoardLinkSet,
  BoardPort,
  BoardSpan,
  BoardsDraft,
  BoardsState,
  FoundBoard,
} from '@cordboard/daemon/contract';

/** A line of a board beside what it is used as; without `found`: it is set up and not there. */
export interface SpanLine {
  device: number;
  found: FoundBoard['spans'][number] | undefined;
  used: BoardSpan | undefined;
  e1: BoardE1 | undefined;
}

export interface PortLine {
  channel: number;
  found: FoundBoard['ports'][number] | undefined;
  used: BoardPort | undefined;
}

export interface BoardRows {
  board: FoundBoard | undefined;
  spans: SpanLine[];
  ports: PortLine[];
}

/** By board; what is set up and was not found comes last. */
export function rowsOf({ boards, settings, e1 }: BoardsState): BoardRows[] {
  const spanOf = (device: number, found: SpanLine['found']): SpanLine => {
    const used = settings.spans.find((one) => one.device === device);
    return { device, found, used, e1: e1.find(({ span }) => span === used?.span) };
  };
  const rows: BoardRows[] = boards.map((board) => ({
    board,
    spans: board.spans.map((found) => spanOf(found.device, found)),
    ports: board.ports.map((found) => ({
      ...{ channel: found.channel, found },
      used: settings.ports.find(({ channel }) => channel === found.channel),
    })),
  }));
  const [spans, ports] = [rows.flatMap((one) => one.spans), rows.flatMap((one) => one.ports)];
  const lost = {
    board: undefined,
    spans: settings.spans
      .filter(({ device }) => !spans.some((one) => one.device === device))
      .map(({ device }) => spanOf(device, undefined)),
    ports: settings.ports
      .filter(({ channel }) => !ports.some((one) => one.channel === channel))
      .map((used) => ({ channel: used.channel, found: undefined, used })),
  };
  return lost.spans.length + lost.ports.length > 0 ? [...rows, lost] : rows;
}

export const signallingOf = (e1: BoardE1 | undefined): string => e1?.signalling ?? 'pri';

/** As a line begins that somebody wants to use. */
export function newSpan(device: number, span: number, location: string): BoardSpan {
  return {
    ...{ card: 'dahdi', span, device, location, side: 'user', crc4: true, lineCode: 'hdb3', lineBuildOut: 0 },
    ...{ echoCanceller: 'none', echoTaps: 128, receivedDb: 0, sentDb: 0 },
  };
}

export function newPort(channel: number, analog: number, kind: 'fxs' | 'fxo', location: string): BoardPort {
  return { card: 'dahdi', analog, channel, location, kind };
}

export const spanName = ({ name, span }: BoardSpan): string => name ?? `E1-${span}`;

/** Of No. 7: those that an E1 names. Others would be refused, as nothing would come by them. */
const linkSetsOf = (sets: readonly BoardLinkSet[], e1: readonly BoardE1[]): BoardLinkSet[] =>
  sets.filter(({ name }) => e1.some((one) => one.signalling === 'ss7' && one.ss7?.linkSet === name));

/** As one begins whose first link is on timeslot 16 of this E1. */
export function newLinkSet(span: number): BoardLinkSet {
  return {
    ...{ name: '', variant: 'china', network: 'national', pointCode: '', destination: '' },
    ...{ links: [{ span, timeslot: 16, code: 0 }], calledNature: 'national', callingNature: 'national', checkEvery: 0 },
  };
}

/** With this line in place of the one of its number, or of none; and its signalling. */
export function withSpan(
  state: BoardsState,
  line: BoardSpan,
  e1: BoardE1 | undefined,
  before?: BoardSpan,
  linkSet?: { was: string; is: BoardLinkSet },
): BoardsDraft {
  const { settings, analogs } = state;
  const gone = [line.span, before?.span];
  const others = state.e1.filter(({ span }) => !gone.includes(span));
  const spans = [...settings.spans.filter((one) => one.device !== line.device), line].sort((a, b) => a.span - b.span);
  const named = e1 ? [...others, e1].sort((a, b) => a.span - b.span) : others;
  if (!linkSet)
    return { settings: { ...settings, spans }, e1: named, analogs, linkSets: linkSetsOf(state.linkSets, named) };
  const { was, is } = linkSet;
  // the other E1s go with their link set when it gets another name
  const e1s = named.map((one) =>
    was !== '' && one.ss7?.linkSet === was ? { ...one, ss7: { ...one.ss7, linkSet: is.name } } : one,
  );
  const at = state.linkSets.findIndex(({ name }) => name === was);
  const sets = at < 0 ? [...state.linkSets, is] : state.linkSets.map((one, i) => (i === at ? is : one));
  return { settings: { ...settings, spans }, e1: e1s, analogs, linkSets: linkSetsOf(sets, e1s) };
}

export function withoutSpan({ settings, e1, analogs, linkSets }: BoardsState, gone: BoardSpan): BoardsDraft {
  const spans = settings.spans.filter(({ device }) => device !== gone.device);
  const left = e1.filter(({ span }) => span !== gone.span);
  return { settings: { ...settings, spans }, e1: left, analogs, linkSets: linkSetsOf(linkSets, left) };
}

/** `set`: what they are set to, of those that are otherwise than the country has them. */
export function withPorts(
  { settings, e1, analogs }: BoardsState,
  lines: readonly BoardPort[],
  set: readonly BoardAnalog[] = [],
): BoardsDraft {
  const changed = new Set(lines.map(({ channel }) => channel));
  const others = settings.ports.filter(({ channel }) => !changed.has(channel));
  const numbers = new Set([
    ...lines.map(({ analog }) => analog),
    ...settings.ports.filter(({ channel }) => changed.has(channel)).map(({ analog }) => analog),
  ]);
  return {
    settings: { ...settings, ports: [...others, ...lines].sort((a, b) => a.analog - b.analog) },
    e1,
    analogs: [...analogs.filter(({ analog }) => !numbers.has(analog)), ...set].sort((a, b) => a.analog - b.analog),
  };
}

export function withoutPort({ settings, e1, analogs }: BoardsState, gone: BoardPort): BoardsDraft {
  return {
    settings: { ...settings, ports: settings.ports.filter(({ channel }) => channel !== gone.channel) },
    e1,
    analogs: analogs.filter(({ analog }) => analog !== gone.analog),
  };
}

/** cn → China; a name that is no country's stays as it is: ITU. */
export function regionOf(code: string, locale: string): string {
  const capitals = code.toUpperCase();
  return code.length === 2 ? (new Intl.DisplayNames([locale], { type: 'region' }).of(capitals) ?? capitals) : capitals;
}
