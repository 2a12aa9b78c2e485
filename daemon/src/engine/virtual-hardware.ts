// How spans and ports are numbered. Box side: spans 1…n and analog ports 1…m (stations) of the virtual card, and spans of boards
// behind them; exchange lines of the virtual card (fxo) stand behind its stations. At the other end of each virtual cable, for the exchange simulator: span 100+n and analog port 10000+m (the
// telephone).
import { join } from 'node:path';
import type {
  AnalogConfig,
  CableConfig,
  Country,
  EngineConfig,
  LinkSetConfig,
  SpanConfig,
  StreamsConfig,
} from '@cordboard/native';

const EXCHANGE_SPANS_FROM = 100;
const EXCHANGE_PHONES_FROM = 10_000;
const EXCHANGE_LINK_SETS_FROM = 100;

/** True for an E1 of the box, not of the exchange simulator. */
export function isBoxSpan(span: number): boolean {
  return span > 0 && span <= EXCHANGE_SPANS_FROM;
}

/** True for a telephone's port on the box, not for the telephone on the simulator's side. */
export function isStation(analog: number): boolean {
  return analog > 0 && analog < EXCHANGE_PHONES_FROM;
}

/** The exchange's end of the cable of a span. */
export function exchangeSpan(span: number): number {
  return EXCHANGE_SPANS_FROM + span;
}

/** The box's end of the cable of a span of the exchange. */
export function boxSpan(exchange: number): number {
  return exchange - EXCHANGE_SPANS_FROM;
}

/** The exchange's end of the cable of a line of the virtual card. */
export function exchangePort(line: number): number {
  return EXCHANGE_PHONES_FROM + line;
}

/** The box's end of it. */
export function lineOfExchange(analog: number): number {
  return analog - EXCHANGE_PHONES_FROM;
}

/** The telephone at the end of a station's cable. */
export function phonePort(station: number): number {
  return EXCHANGE_PHONES_FROM + station;
}

/** The station that a telephone hangs on. */
export function stationOfPhone(analog: number): number {
  return analog - EXCHANGE_PHONES_FROM;
}

interface BoardSpanSettings {
  span: number;
  device: number;
  name?: string | undefined;
  side: 'user' | 'network';
  echoCanceller: string;
  echoTaps: number;
  receivedDb: number;
  sentDb: number;
}

interface BoardPortSettings {
  analog: number;
  channel: number;
  kind: 'fxs' | 'fxo';
  name?: string | undefined;
}

type Signalling = Pick<SpanConfig, 'signalling' | 'pri' | 'r2' | 'ss7' | 't203Ms' | 't309Ms'>;

/** What is configured of the engine, the virtual card and the boards. */
export interface HardwareSettings {
  country: Country;
  /** signalling of E1s, by number; left out: ISDN primary rate */
  e1?: ReadonlyMap<number, Signalling> | undefined;
  /** what an analog port is set to */
  analogOf?: ((analog: number) => Partial<AnalogConfig>) | undefined;
  /** signalling links of those with ss7 */
  linkSets?: readonly LinkSetConfig[] | undefined;
  /** absolute */
  recordingsFolder: string;
  settings: {
    virtual: { spans: number; stations: number; lines: number };
    boards: {
      spans: BoardSpanSettings[];
      ports: BoardPortSettings[];
      buffers: number;
      ahead: number;
    };
    recordings: { syncMs: number; reserveMb: number; journalMb: number };
    engine: { realtime: boolean; announcers: number; clipCacheMb: number; mediaThreads: number };
    sip: {
      enabled: boolean;
      host: string;
      rtpPorts: { first: number; last: number };
      dscp: number;
      maxStreams: number;
      threads: number;
      webrtcPort?: number | undefined;
    };
  };
  /** the certificate for browsers and its key, PEM; left out: none are taken */
  webrtc?: { key: string; cert: string } | undefined;
}

/** Every E1 of the box, by number. */
export function boxSpans({ virtual, boards }: Pick<HardwareSettings['settings'], 'virtual' | 'boards'>): number[] {
  return [...Array.from({ length: virtual.spans }, (_, i) => i + 1), ...boards.spans.map(({ span }) => span)];
}

/** What the engine is made with. */
export function engineConfig({
  country,
  e1,
  linkSets = [],
  analogOf,
  settings,
  recordingsFolder,
  webrtc,
}: HardwareSettings): EngineConfig {
  const spans: SpanConfig[] = [];
  const analogs: AnalogConfig[] = [];
  const cables: CableConfig[] = [];
  for (let span = 1; span <= settings.virtual.spans; span += 1) {
    const signalling = e1?.get(span);
    spans.push({ span, name: `E1-${span}`, side: 'user', ...signalling });
    spans.push({ span: exchangeSpan(span), name: `Exchange ${span}`, side: 'network', ...atExchange(signalling) });
    cables.push({ kind: 'e1', a: span, b: exchangeSpan(span) });
  }
  for (let station = 1; station <= settings.virtual.stations; station += 1) {
    const { station: choices, ...custom } = analogOf?.(station) ?? {};
    const virtual = { lamp: 'neon', ...choices } as const;
    analogs.push({ analog: station, name: `Station ${station}`, kind: 'fxs', ...custom, station: virtual });
    // A bell rings at once, however short; what is too short for a ring is a matter of lines.
    analogs.push({ analog: phonePort(station), name: `Telephone ${station}`, kind: 'fxo', line: { ringMinMs: 0 } });
    cables.push({ kind: 'analog', a: station, b: phonePort(station) });
  }
  for (const line of virtualLines(settings.virtual)) {
    analogs.push({ analog: line, name: portName('fxo', line), kind: 'fxo', ...analogOf?.(line) });
    // As most exchanges do: whoever waits for it knows of the answer by it.
    const exchange = { name: `Exchange line ${line}`, kind: 'fxs', station: { reverseOnAnswer: true } } as const;
    analogs.push({ analog: exchangePort(line), ...exchange });
    cables.push({ kind: 'analog', a: line, b: exchangePort(line) });
  }
  const { buffers, ahead } = settings.boards;
  for (const { span, device, name = `E1-${span}`, side, echoCanceller, ...care } of settings.boards.spans)
    spans.push({
      ...{ span, name, side, card: 'dahdi', device, ...e1?.get(span) },
      ...{ boardEchoTaps: echoCanceller === 'none' ? 0 : care.echoTaps },
      ...{ receivedDb: care.receivedDb, sentDb: care.sentDb },
    });
  for (const { analog, channel, kind, name = portName(kind, analog) } of settings.boards.ports)
    analogs.push({ analog, name, kind, card: 'dahdi', channel, ...analogOf?.(analog) });
  return {
    country,
    spans,
    analogs,
    cables,
    linkSets: [...linkSets, ...linkSetsAtExchange(linkSets, settings.virtual.spans)],
    boards: { buffers, ahead },
    streams: streamsConfig(settings.sip),
    ...webrtcConfig(settings.sip, webrtc),
    announcers: settings.engine.announcers,
    recordingFolder: join(recordingsFolder, 'journal'),
    recordingSyncMs: settings.recordings.syncMs,
    recordingReserveMb: settings.recordings.reserveMb,
    recordingJournalMb: settings.recordings.journalMb,
    mediaThreads: settings.engine.mediaThreads,
    clipCacheMb: settings.engine.clipCacheMb,
    realtime: settings.engine.realtime,
  };
}

/** Exchange lines of the virtual card, by number: behind its stations. */
export function virtualLines({ stations, lines }: HardwareSettings['settings']['virtual']): number[] {
  return Array.from({ length: lines }, (_, i) => stations + i + 1);
}

/** Every analog telephone of the box, by number. */
export function boxStations({
  virtual,
  boards,
}: {
  virtual: { stations: number };
  boards: { ports: readonly Pick<BoardPortSettings, 'analog' | 'kind'>[] };
}): number[] {
  const onBoards = boards.ports.filter(({ kind }) => kind === 'fxs').map(({ analog }) => analog);
  return [...Array.from({ length: virtual.stations }, (_, i) => i + 1), ...onBoards];
}

const portName = (kind: 'fxs' | 'fxo', analog: number): string => `${kind === 'fxs' ? 'Station' : 'Line'} ${analog}`;

/** Both ends of a cable speak the same; but whom the exchange calls outside has a number of any length, and it joins calls. */
function atExchange(signalling: Signalling | undefined): Signalling {
  if (signalling === undefined) return { pri: { joins: true } };
  const { pri, r2, ss7 } = signalling;
  const dchannelOf = pri?.dchannelOf ?? 0;
  return {
    ...signalling,
    pri: { ...pri, joins: true, ...(dchannelOf === 0 ? {} : { dchannelOf: exchangeSpan(dchannelOf) }) },
    ...(r2 === undefined ? {} : { r2: { ...r2, calledDigits: 20, digitMs: 2000 } }),
    ...(ss7 === undefined ? {} : { ss7: { ...ss7, linkSet: EXCHANGE_LINK_SETS_FROM + (ss7.linkSet ?? 0) } }),
  };
}

/** The other ends of the link sets whose links are on virtual cables: the exchange that each leads to. */
function linkSetsAtExchange(linkSets: readonly LinkSetConfig[], virtualSpans: number): LinkSetConfig[] {
  return linkSets
    .filter(({ links }) => links.every(({ span }) => span <= virtualSpans))
    .map(({ adjacent: _adjacent, ...set }) => ({
      ...set,
      linkSet: EXCHANGE_LINK_SETS_FROM + set.linkSet,
      name: `${set.name} (exchange)`.slice(0, 64),
      pointCode: set.destination,
      destination: set.pointCode,
      links: set.links.map((link) => ({ ...link, span: exchangeSpan(link.span) })),
    }));
}

/** Browsers' audio, where a port is set for it. */
function webrtcConfig(
  { enabled, webrtcPort }: HardwareSettings['settings']['sip'],
  papers: HardwareSettings['webrtc'],
): Pick<EngineConfig, 'webrtc'> {
  if (!enabled || webrtcPort === undefined || papers === undefined) return {};
  return { webrtc: { port: webrtcPort, certificate: papers.cert, key: papers.key } };
}

/** Streams without another end, by which what a conference room hears is recorded. */
const EARS = 64;

/** RTP for SIP calls, and ears; where SIP is switched off there are these alone, and nothing outside can reach them. */
function streamsConfig({
  enabled,
  host,
  rtpPorts,
  dscp,
  maxStreams,
  threads,
}: HardwareSettings['settings']['sip']): StreamsConfig {
  return {
    count: (enabled ? maxStreams : 0) + EARS,
    address: enabled ? host : '127.0.0.1',
    portFirst: rtpPorts.first,
    portLast: rtpPorts.last,
    dscp,
    threads,
  };
}
