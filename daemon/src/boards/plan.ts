// Settings, profiles and the hardware found become files for the driver, and what is wrong with it is said. Nothing is read or written
// here: the same of all three gives the same files.
//
//   settings ─┐
//   profiles ─┼─> planBoards ──> system.conf · modules · options of modules     and sentences for people
//   found    ─┘
import type { Settings } from '../config/index.js';
import { WIRE_LAMPS, type BoardPort, type BoardSpan, type BoardsSetting } from '../contract/index.js';
import type { ChannelUse, FoundHardware, FoundPci, FoundSpan } from './found.js';
import type { BoardProblem } from './problems.js';
import { profileOf, type CardProfile } from './profiles.js';
import { modulesFile, optionsFile, systemConf, type PlannedPort, type PlannedSpan } from './texts.js';
import { wanpipeFiles } from './wanpipe.js';

/** What the box is to do with its boards. */
export interface WantedBoards {
  boards: BoardsSetting;
  /** of the box, in small letters: cn */
  country: string;
  /** by number of the E1; those that are not named are ISDN primary rate */
  signalling: ReadonlyMap<number, string>;
  /** of the links of No. 7, by number of the E1 */
  links: ReadonlyMap<number, readonly number[]>;
  /** of analog ports, by number: what their boards must be able to do */
  stations?: ReadonlyMap<number, { lamp?: string | undefined; reverses: boolean }>;
}

/** nfas: ISDN primary rate whose D-channel is another E1's, so that timeslot 16 carries speech. */
function signallingOf({ signalling, pri }: Settings['e1'][number]): string {
  return signalling === 'pri' && (pri?.dchannelOf ?? 0) > 0 && pri?.backup !== true ? 'nfas' : signalling;
}

/** Of the whole settings. */
export function wantedBoards({
  boards,
  country,
  e1,
  linkSets,
  analogs,
}: Pick<Settings, 'boards' | 'country' | 'e1' | 'linkSets' | 'analogs'>): WantedBoards {
  const links = new Map<number, number[]>();
  for (const { span, timeslot } of linkSets.flatMap((set) => set.links))
    links.set(span, [...(links.get(span) ?? []), timeslot]);
  const stations = new Map(
    analogs.map(({ analog, station: { lamp, reverseOnAnswer = false, callerIdBeforeRing = false } }) => [
      analog,
      { lamp, reverses: reverseOnAnswer || callerIdBeforeRing },
    ]),
  );
  return { boards, country, links, stations, signalling: new Map(e1.map((one) => [one.span, signallingOf(one)])) };
}

export interface PlannedFile {
  /** absolute */
  path: string;
  text: string;
}

export interface BoardPlan {
  /** of modules and their options: can be told before any driver is loaded */
  modules: string[];
  files: PlannedFile[];
  /** of faults the files are not to be written */
  problems: BoardProblem[];
  spans: PlannedSpan[];
  ports: PlannedPort[];
}

export const SYSTEM_CONF = '/etc/dahdi/system.conf';
export const MODULES = '/etc/dahdi/modules';
export const OPTIONS = '/etc/modprobe.d/cordboard-boards.conf';

/** Countries of drivers by those of the box (fxo_modes.h of dahdi-linux). */
export const OPERMODES: Readonly<Record<string, string>> = {
  ...{ cn: 'CHINA', hk: 'HONGKONG', tw: 'TAIWAN', jp: 'JAPAN', sg: 'SINGAPORE', my: 'MALAYSIA', th: 'THAILAND' },
  ...{ in: 'INDIA', au: 'AUSTRALIA', br: 'BRAZIL', mx: 'MEXICO', us: 'USA', gb: 'UK', de: 'GERMANY', fr: 'FRANCE' },
  ...{ es: 'SPAIN', it: 'ITALY', ru: 'RUSSIA', za: 'SOUTHAFRICA' },
};

/** Those that may be chosen. */
export const KNOWN_OPERMODES: readonly string[] = [
  ...['FCC', 'TBR21', 'ARGENTINA', 'AUSTRALIA', 'AUSTRIA', 'BAHRAIN', 'BELGIUM', 'BRAZIL', 'BULGARIA', 'CANADA'],
  ...['CHILE', 'CHINA', 'COLOMBIA', 'CROATIA', 'CYPRUS', 'CZECH', 'DENMARK', 'ECUADOR', 'EGYPT', 'ELSALVADOR'],
  ...['FINLAND', 'FRANCE', 'GERMANY', 'GREECE', 'GUAM', 'HONGKONG', 'HUNGARY', 'ICELAND', 'INDIA', 'INDONESIA'],
  ...['IRELAND', 'ISRAEL', 'ITALY', 'JAPAN', 'JORDAN', 'KAZAKHSTAN', 'KUWAIT', 'LATVIA', 'LEBANON', 'LUXEMBOURG'],
  ...['MACAO', 'MALAYSIA', 'MALTA', 'MEXICO', 'MOROCCO', 'NETHERLANDS', 'NEWZEALAND', 'NIGERIA', 'NORWAY', 'OMAN'],
  ...['PAKISTAN', 'PERU', 'PHILIPPINES', 'POLAND', 'PORTUGAL', 'ROMANIA', 'RUSSIA', 'SAUDIARABIA', 'SINGAPORE'],
  ...['SLOVAKIA', 'SLOVENIA', 'SOUTHAFRICA', 'SOUTHKOREA', 'SPAIN', 'SWEDEN', 'SWITZERLAND', 'SYRIA', 'TAIWAN'],
  ...['THAILAND', 'UAE', 'UK', 'USA', 'YEMEN'],
];

/** Timeslots of an E1 by signalling, `links`: those of No. 7 on it; undefined: it is not known. */
export function usesOf(signalling: string, links: readonly number[] = []): readonly ChannelUse[] | undefined {
  const all = (use: ChannelUse, sixteen: ChannelUse): ChannelUse[] =>
    Array.from({ length: 31 }, (_, i) => (i === 15 ? sixteen : use));
  if (signalling === 'pri') return all('speech', 'frames');
  // Timeslot 16 carries the bits of all others, and is the framer's (G.704 5.1.3.2).
  if (signalling === 'r2') return all('cas', 'none');
  // The driver works out the check sequences of a link (Q.703 4.2) and repeats what is to be repeated.
  if (signalling === 'ss7') return all('speech', 'speech').map((use, i) => (links.includes(i + 1) ? 'link' : use));
  return signalling === 'nfas' ? all('speech', 'speech') : undefined;
}

export function planBoards(wanted: WantedBoards, found: FoundHardware, profiles: readonly CardProfile[]): BoardPlan {
  const { boards } = wanted;
  const problems: BoardProblem[] = [];
  const onBus = found.pci.flatMap((pci) => {
    const profile = profileOf(pci, profiles);
    return profile === undefined ? [] : [{ pci, profile }];
  });
  const opermode = operMode(wanted, problems);
  const modules = unique(onBus.map(({ profile }) => profile.module));
  if (found.driver === undefined && boards.spans.length + boards.ports.length > 0)
    problems.push({ code: 'driverMissing', params: {} });
  if (found.driver !== undefined) problems.push(...modulesMissing(onBus));
  const known = new Places(found, onBus);
  const spans = boards.spans.flatMap((span) => planSpan(span, wanted, known, problems));
  const ports = boards.ports.flatMap((port) => planPort(port, wanted, known, problems));
  problems.push(...clockProblems(spans, boards.timingCable));
  return {
    ...{ modules, problems, spans, ports },
    files: [
      {
        path: OPTIONS,
        text: optionsFile(
          onBus.map(({ profile }) => profile),
          { ...boards, opermode },
        ),
      },
      { path: MODULES, text: modulesFile(modules) },
      ...wanpipeFiles({ onBus, spans: found.spans, used: boards.spans, signalling: wanted.signalling, opermode }),
      { path: SYSTEM_CONF, text: systemConf(spans, ports, wanted.country) },
    ],
  };
}

/** Spans and channels by their numbers, and what is known of their boards. */
class Places {
  readonly #found: FoundHardware;
  readonly #profiles: Map<string, CardProfile>;

  constructor(found: FoundHardware, onBus: readonly { pci: FoundPci; profile: CardProfile }[]) {
    this.#found = found;
    this.#profiles = new Map(onBus.map(({ pci, profile }) => [pci.address, profile]));
  }

  get loaded(): boolean {
    return this.#found.driver !== undefined;
  }

  span(device: number): FoundSpan | undefined {
    return this.#found.spans.find((one) => one.device === device);
  }

  withChannel(channel: number): FoundSpan | undefined {
    return this.#found.spans.find(({ channels }) => channels.some((one) => one.channel === channel));
  }

  profile({ pci }: FoundSpan): CardProfile | undefined {
    return pci === undefined ? undefined : this.#profiles.get(pci);
  }
}

function planSpan(span: BoardSpan, wanted: WantedBoards, known: Places, problems: BoardProblem[]): PlannedSpan[] {
  const line = span.name ?? `E1-${span.span}`;
  const say = (code: BoardProblem['code'], params: BoardProblem['params']): void =>
    void problems.push({ code, span: span.span, params: { line, ...params } });
  const signalling = wanted.signalling.get(span.span) ?? 'pri';
  const uses = usesOf(signalling, wanted.links.get(span.span));
  if (uses === undefined) say('signallingUnknown', { signalling });
  if (span.lineCode === 'ami' && span.crc4) say('amiCrc4', {});
  const there = known.span(span.device);
  if (there === undefined) {
    if (known.loaded) say('spanMissing', { device: span.device });
    return [];
  }
  const profile = known.profile(there);
  if (there.type !== 'E1') {
    const option = Object.entries(profile?.options ?? {}).map((one) => one.join('='))[0] ?? 'default_linemode=e1';
    say('spanNotE1', { device: span.device, type: there.type, option });
    return [];
  }
  if (span.location !== undefined && there.location !== '' && span.location !== there.location)
    say('spanElsewhere', { device: span.device, was: span.location, is: there.location });
  if (span.echoCanceller === 'hwec' && profile?.hardwareEcho === false) say('echoMissing', { model: profile.name });
  if (profile?.lineBuildOut?.includes(span.lineBuildOut) === false)
    say('lineBuildOut', { value: span.lineBuildOut, model: profile.name });
  if (uses === undefined) return [];
  const first = (there.channels[0]?.channel ?? 1) - 1;
  return [{ ...span, line, signalling, uses, first, clock: clockOf(span, wanted.boards.spans), there }];
}

/** Left out: whoever is the user takes the clock, in the order of the spans; the network gives it. */
export function clockOf(span: BoardSpan, all: readonly BoardSpan[]): number {
  if (span.clock !== undefined) return span.clock;
  if (span.side === 'network') return 0;
  const taken = new Set(all.flatMap(({ clock }) => clock ?? []));
  const free = Array.from({ length: 128 }, (_, i) => i + 1).filter((one) => !taken.has(one));
  const following = all.filter(({ side, clock }) => side === 'user' && clock === undefined);
  const order = following.toSorted((a, b) => a.device - b.device).indexOf(span);
  return free[order] ?? 0;
}

function planPort(port: BoardPort, wanted: WantedBoards, known: Places, problems: BoardProblem[]): PlannedPort[] {
  const line = port.name ?? `${port.kind.toUpperCase()} ${port.analog}`;
  const { channel, kind } = port;
  const say = (code: BoardProblem['code'], params: BoardProblem['params']): void =>
    void problems.push({ code, port: port.analog, params: { line, channel, ...params } });
  const there = known.withChannel(channel);
  const slot = there?.channels.find((one) => one.channel === channel);
  if (there === undefined || slot === undefined) {
    if (known.loaded) say('portMissing', {});
    return [];
  }
  if (/^(E1|T1|J1|BRI)/.test(there.type)) {
    say('portNotAnalog', { device: there.device, type: there.type });
    return [];
  }
  if (port.location !== undefined && there.location !== '' && port.location !== there.location)
    say('portElsewhere', { was: port.location, is: there.location });
  if (slot.module === undefined) say('portNoModule', {});
  else if (slot.module !== kind)
    say('portWrongModule', { wanted: kind.toUpperCase(), fitted: slot.module.toUpperCase() });
  const station = kind === 'fxs' ? wanted.stations?.get(port.analog) : undefined;
  const profile = known.profile(there);
  const lamp = WIRE_LAMPS.find((one) => one === station?.lamp);
  if (lamp !== undefined && profile?.lamps?.includes(lamp) === false)
    say('lampMissing', { model: profile.name, lamp, can: [...profile.lamps, 'fsk'].join(', ') });
  if (station?.reverses === true && profile?.reverses === false) say('reversalMissing', { model: profile.name });
  return [{ ...port, line, there, use: slot.use }];
}

function clockProblems(spans: readonly PlannedSpan[], timingCable: boolean): BoardProblem[] {
  const problems: BoardProblem[] = [];
  const boards = new Map<string, PlannedSpan[]>();
  for (const span of spans) {
    const board = span.there.pci ?? span.there.location;
    boards.set(board, [...(boards.get(board) ?? []), span]);
  }
  for (const all of boards.values()) {
    for (const [i, one] of all.entries()) {
      const other = all.slice(0, i).find(({ clock }) => clock > 0 && clock === one.clock);
      if (other !== undefined) {
        const params = { line: one.line, other: other.line, clock: one.clock };
        problems.push({ code: 'sameClock', span: one.span, params });
      }
      if (one.side === 'network' && one.clock > 0)
        problems.push({ code: 'clockToNetwork', span: one.span, params: { line: one.line } });
    }
  }
  const follows = [...boards.values()].map((all) => all.some(({ clock }) => clock > 0));
  if (timingCable || !follows.includes(true)) return problems;
  for (const [i, all] of [...boards.values()].entries())
    if (follows[i] === false && all[0] !== undefined)
      problems.push({ code: 'noClock', span: all[0].span, params: { line: all[0].line } });
  return problems;
}

function modulesMissing(onBus: readonly { pci: FoundPci; profile: CardProfile }[]): BoardProblem[] {
  return onBus.flatMap(({ pci, profile: { name: model, module, driver } }) =>
    pci.module === module ? [] : [{ code: 'moduleMissing', params: { model, address: pci.address, module, driver } }],
  );
}

function operMode({ boards, country }: WantedBoards, problems: BoardProblem[]): string | undefined {
  const chosen = boards.opermode ?? OPERMODES[country];
  if (chosen !== undefined && KNOWN_OPERMODES.includes(chosen)) return chosen;
  if (boards.ports.length > 0 || boards.opermode !== undefined)
    problems.push({ code: 'countryUnknown', params: { country: boards.opermode ?? country } });
  return undefined;
}

const unique = <T>(all: readonly T[]): T[] => [...new Set(all)];
