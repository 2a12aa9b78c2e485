// The files of the driver, as text. What a person has named stands in none of them: a name with a line feed would be a line.
import type { BoardPort, BoardSpan, BoardsSetting } from '../contract/index.js';
import type { ChannelUse, FoundSpan } from './found.js';
import type { CardProfile } from './profiles.js';

export interface PlannedSpan extends Omit<BoardSpan, 'clock'> {
  /** what people call it */
  line: string;
  signalling: string;
  /** of timeslots 1-31 */
  uses: readonly ChannelUse[];
  /** number of the channel before timeslot 1 */
  first: number;
  clock: number;
  there: FoundSpan;
}

export interface PlannedPort extends BoardPort {
  line: string;
  there: FoundSpan;
  /** configured as, now */
  use: ChannelUse;
}

const HEAD = '# Written by Cordboard from its settings; changes made here are lost when they are applied again.\n';

/** For dahdi_cfg. A span that the box does not use is not configured. */
export function systemConf(spans: readonly PlannedSpan[], ports: readonly PlannedPort[], country: string): string {
  const ordered = spans.toSorted((a, b) => a.device - b.device);
  const lines = ordered.flatMap((span) => ['', ...spanLines(span)]);
  if (ports.length > 0) lines.push('', '# analog ports');
  for (const [kind, word] of [
    ['fxs', 'fxoks'],
    ['fxo', 'fxsks'],
  ] as const) {
    const channels = ports.filter((port) => port.kind === kind).map(({ channel }) => channel);
    // A telephone (FXS port) is spoken to by FXO signalling, an exchange by FXS signalling.
    if (channels.length > 0) lines.push(`${word}=${ranges(channels)}`);
  }
  const analog = ports.map(({ channel }) => channel);
  if (analog.length > 0) lines.push(`alaw=${ranges(analog)}`);
  const zone = ZONES[country] ?? 'us';
  return `${HEAD}${lines.join('\n')}\n\n# tones of the driver, which the box does not use\nloadzone=${zone}\ndefaultzone=${zone}\n`;
}

/** Zones of dahdi-tools (tonezone.c) that are named otherwise than the country. */
const ZONES: Readonly<Record<string, string>> = {
  ...{ gb: 'uk', cn: 'cn', tw: 'tw', jp: 'jp', sg: 'sg', my: 'my', th: 'th', in: 'in', au: 'au', br: 'br' },
  ...{ mx: 'mx', us: 'us', de: 'de', fr: 'fr', es: 'es', it: 'it', ru: 'ru', za: 'za' },
};

function spanLines(span: PlannedSpan): string[] {
  const { device, clock, lineBuildOut, lineCode, crc4, uses, first, signalling, echoCanceller } = span;
  const framing = signalling === 'r2' ? 'cas' : 'ccs';
  const channels = (use: ChannelUse): number[] => uses.flatMap((one, i) => (one === use ? [first + i + 1] : []));
  const lines = [
    `# E1 ${span.span} of the box: ${signalling}, ${span.side}`,
    `span=${[device, clock, lineBuildOut, framing, lineCode, ...(crc4 ? ['crc4'] : [])].join(',')}`,
  ];
  const [speech, frames, cas] = [channels('speech'), channels('frames'), channels('cas')];
  const links = channels('link');
  if (speech.length > 0) lines.push(`bchan=${ranges(speech)}`);
  if (frames.length > 0) lines.push(`dchan=${ranges(frames)}`);
  if (links.length > 0) lines.push(`mtp2=${ranges(links)}`);
  // Sent while nobody has the channel open: blocked (Q.421 3.2: A 1, B 1; C 0 and D 1 always), so that no call is sent to a box
  // that does not run.
  if (cas.length > 0) lines.push(`cas=${ranges(cas)}:1101`);
  if (echoCanceller !== 'none') lines.push(`echocanceller=${echoCanceller},${ranges([...speech, ...cas])}`);
  return lines;
}

/** 1,2,3,5 → 1-3,5 */
export function ranges(numbers: readonly number[]): string {
  const sorted = numbers.toSorted((a, b) => a - b);
  const parts: [number, number][] = [];
  for (const one of sorted) {
    const last = parts.at(-1);
    if (last !== undefined && one === last[1] + 1) last[1] = one;
    else parts.push([one, one]);
  }
  return parts.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(',');
}

/** /etc/dahdi/modules: what the service of the driver loads when the machine starts. */
export function modulesFile(modules: readonly string[]): string {
  const own = modules.filter((name) => name !== 'wanpipe' && name !== 'dahdi');
  return `${HEAD}${own.map((name) => `${name}\n`).join('')}`;
}

/** For modprobe. The driver numbers spans as boards are found, without asking anybody. */
export function optionsFile(
  boards: readonly CardProfile[],
  { opermode, gains, timingCable }: Pick<BoardsSetting, 'gains' | 'timingCable'> & { opermode: string | undefined },
): string {
  const all = new Map<string, Map<string, string>>([['dahdi', new Map([['auto_assign_spans', '1']])]]);
  for (const { module, options, countryOption, gainOptions, timing, driver } of boards) {
    if (driver === 'wanpipe' || driver === 'other') continue;
    const put = all.get(module) ?? new Map<string, string>();
    all.set(module, put);
    for (const [name, value] of Object.entries(options)) put.set(name, value);
    if (countryOption !== undefined && opermode !== undefined) put.set(countryOption, opermode);
    if (timing !== undefined && timingCable) put.set('timingcable', '1');
    if (gainOptions !== true) continue;
    for (const [name, gain] of [
      ['fxstxgain', gains.fxsSent],
      ['fxsrxgain', gains.fxsReceived],
      ['fxotxgain', gains.fxoSent],
      ['fxorxgain', gains.fxoReceived],
    ] as const)
      if (gain !== 0) put.set(name, String(Math.round(gain * 10)));
  }
  const lines = [...all].flatMap(([module, options]) =>
    options.size === 0 ? [] : [`options ${module} ${[...options].map((one) => one.join('=')).join(' ')}\n`],
  );
  return `${HEAD}${lines.join('')}`;
}
