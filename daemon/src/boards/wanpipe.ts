// Sangoma's boards have a driver of their own below that of DAHDI, with a file for each E1 and one for each analog board, and one that
// says which of them `wanrouter start` brings up. The keys are those of the driver's own configurator.
import type { BoardSpan } from '../contract/index.js';
import type { FoundHardware, FoundPci, FoundSpan } from './found.js';
import { profileOf, type CardProfile } from './profiles.js';

const FOLDER = '/etc/wanpipe';
export const WANROUTER = `${FOLDER}/wanrouter.rc`;
/** Devices that the driver has numbers for here. */
const MOST_DEVICES = 64;

/** A path of one of its files, whoever has written it down. */
export const isWanpipeFile = (path: string): boolean =>
  path === WANROUTER || /^\/etc\/wanpipe\/wanpipe[1-9][0-9]?\.conf$/.test(path);

/** Every path that may have been written. */
export const wanpipePaths = (): string[] => [
  ...Array.from({ length: MOST_DEVICES }, (_, i) => `${FOLDER}/wanpipe${i + 1}.conf`),
  WANROUTER,
];

/** Sangoma's on the bus. */
export const wanpipeBoards = ({ pci }: FoundHardware, profiles: readonly CardProfile[]): FoundPci[] =>
  pci.filter((one) => profileOf(one, profiles)?.driver === 'wanpipe');

export interface WanpipeWanted {
  onBus: readonly { pci: FoundPci; profile: CardProfile }[];
  /** of the driver, when it is loaded */
  spans: readonly FoundSpan[];
  /** of the box */
  used: readonly BoardSpan[];
  /** by number of the E1 */
  signalling: ReadonlyMap<number, string>;
  opermode: string | undefined;
}

const HEAD = '# Written by Cordboard from its settings; changes made here are lost when they are applied again.\n';

/** In the order of the boards on the bus; none when there is no board of Sangoma's. */
export function wanpipeFiles(wanted: WanpipeWanted): { path: string; text: string }[] {
  const boards = wanted.onBus
    .filter(({ profile }) => profile.driver === 'wanpipe')
    .toSorted((a, b) => (a.pci.address < b.pci.address ? -1 : 1));
  const files: { path: string; text: string }[] = [];
  for (const { pci, profile } of boards) {
    const there = wanted.spans.filter((span) => span.pci === pci.address).toSorted((a, b) => a.device - b.device);
    // One device for each E1; an analog board is one with all of its ports.
    const lines = profile.kind === 'e1' ? profile.ports : 1;
    for (let line = 1; line <= lines && files.length < MOST_DEVICES; line += 1) {
      const n = files.length + 1;
      const device = there[line - 1]?.device ?? n;
      const text = profile.kind === 'e1' ? e1File(wanted, pci, n, line, device) : analogFile(wanted, pci, n, device);
      files.push({ path: `${FOLDER}/wanpipe${n}.conf`, text });
    }
  }
  if (files.length > 0) files.push({ path: WANROUTER, text: routerFile(files.length) });
  return files;
}

/** 0000:02:05.0: bus and slot, which the driver wants as decimals. */
function place(address: string): [key: string, value: string | number][] {
  const [, bus = '0', slot = '0'] = /^[0-9a-f]+:([0-9a-f]{2}):([0-9a-f]{2})\./i.exec(address) ?? [];
  return [
    ['AUTO_PCISLOT', 'NO'],
    ['PCISLOT', parseInt(slot, 16)],
    ['PCIBUS', parseInt(bus, 16)],
  ];
}

const section = (name: string, keys: readonly [string, string | number][]): string =>
  `[${name}]\n${keys.map(([key, value]) => `${key} = ${value}\n`).join('')}`;

function whole(n: number, kind: string, keys: readonly [string, string | number][], echo: boolean): string {
  return [
    HEAD,
    section('devices', [[`wanpipe${n}`, `${kind}, Comment`]]),
    section('interfaces', [[`w${n}g1`, `wanpipe${n}, , TDM_VOICE, Comment`]]),
    section(`wanpipe${n}`, [['CARD_TYPE', 'AFT'], ['S514CPU', 'A'], ['CommPort', 'PRI'], ...keys]),
    // Blocks of 8 samples, as DAHDI has them.
    section(`w${n}g1`, [
      ['ACTIVE_CH', 'ALL'],
      ['MTU', 8],
      ['TDMV_HWEC', echo ? 'YES' : 'NO'],
    ]),
  ].join('\n');
}

/** Of an E1 that the box does not use as well: the board's lines are one unit for its clock. */
function e1File({ used, signalling }: WanpipeWanted, pci: FoundPci, n: number, line: number, device: number): string {
  const span = used.find((one) => one.device === device);
  const by = span === undefined ? 'pri' : (signalling.get(span.span) ?? 'pri');
  // Whoever is the network gives the clock, unless it is said to take it.
  const gives = span !== undefined && (span.clock ?? (span.side === 'network' ? 0 : 1)) === 0;
  return whole(
    n,
    'WAN_AFT_TE1',
    [
      ...place(pci.address),
      ['FE_MEDIA', 'E1'],
      ['FE_LCODE', span?.lineCode === 'ami' ? 'AMI' : 'HDB3'],
      ['FE_FRAME', span?.crc4 === false ? 'NCRC4' : 'CRC4'],
      ['FE_LINE', line],
      ['TE_CLOCK', gives ? 'MASTER' : 'NORMAL'],
      ['TE_REF_CLOCK', 0],
      ['TE_SIG_MODE', by === 'r2' ? 'CAS' : 'CCS'],
      ['TE_HIGHIMPEDANCE', 'NO'],
      ['LBO', '120OH'],
      ['FE_TXTRISTATE', 'NO'],
      ['MTU', 1500],
      ['UDPPORT', 9000],
      ['TTL', 255],
      ['IGNORE_FRONT_END', 'NO'],
      ['TDMV_SPAN', device],
      // DAHDI looks after the D-channel itself.
      ['TDMV_DCHAN', 0],
      ['TDMV_HW_DTMF', 'NO'],
    ],
    span?.echoCanceller === 'hwec',
  );
}

function analogFile({ opermode }: WanpipeWanted, pci: FoundPci, n: number, device: number): string {
  return whole(
    n,
    'WAN_AFT_ANALOG',
    [
      ...place(pci.address),
      ['FE_MEDIA', 'FXO/FXS'],
      ['TDMV_LAW', 'ALAW'],
      ['TDMV_OPERMODE', opermode ?? 'TBR21'],
      ['RM_BATTTHRESH', 3],
      ['RM_BATTDEBOUNCE', 16],
      ['FE_NETWORK_SYNC', 'NO'],
      ['MTU', 1500],
      ['UDPPORT', 9000],
      ['TTL', 255],
      ['IGNORE_FRONT_END', 'NO'],
      ['TDMV_SPAN', device],
      ['TDMV_HW_DTMF', 'NO'],
    ],
    false,
  );
}

/** Read by the shell of `wanrouter`: devices in the order in which they come up, which is that of their spans. */
function routerFile(devices: number): string {
  const names = Array.from({ length: devices }, (_, i) => `wanpipe${i + 1}`).join(' ');
  return `${HEAD}${[
    ...['ROUTER_BOOT=YES', `WAN_CONF_DIR=${FOLDER}`, `WAN_INTR_DIR=${FOLDER}/interfaces`, 'WAN_LOG=/var/log/wanrouter'],
    ...['WAN_LOCK=/var/lock/subsys/wanrouter', 'WAN_LOCK_DIR=/var/lock/subsys', 'WAN_IP_FORWARD=NO', 'NEW_IF_TYPE=NO'],
    ...[`WAN_LIB_DIR=${FOLDER}/lib`, 'WAN_LIP_LOAD=YES', 'WAN_DYN_WANCONFIG=NO', `WAN_SCRIPTS_DIR=${FOLDER}/scripts`],
    ...[`WAN_FIRMWARE_DIR=${FOLDER}/firmware`, 'WAN_DEVICES_REV_STOP_ORDER=YES', `WAN_DEVICES="${names}"`],
  ].join('\n')}\n`;
}
