// Makes the network what was asked for; run by root. Other addresses are on probation: nobody may be left outside.
//
//   check ─> journal ─> files ─> networkd, name, clock ─> other addresses? ── no ──> kept
//                                         │ a program fails        │ yes
//                                         └─> put back: failed     └─> wait ── confirmed ──> kept
//                                                                        └── the time is over, or taken back ──> put back: returned
//
// The journal has every file as it was and is on disk before the first of them changes: after a power cut in the middle the old addresses
// come back before the network is brought up (cordboard-network-boot.service).
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../config/index.js';
import { NetworkApplied, type NetworkSettings } from '../contract/index.js';
import { AppError, errorText, isAppError } from '../platform/index.js';
import { KEPT_SETTINGS, findPorts, type Addresses } from './found.js';
import { BY_DHCP, NETWORK_FOLDER, ZONES, networkText, planNetwork, type PlannedFile } from './plan.js';

/** Readable by the box, written by root alone. */
const RESULT = '/run/cordboard-network/result.json';
/** Survives a power cut, unlike the result. */
const JOURNAL = '/var/lib/cordboard-network/journal.json';
const HOSTS = '/etc/hosts';
const LOOK_MS = 500;

export interface NetworkPorts {
  /** where /etc, /sys, /run and /var begin */
  root: string;
  /** its exit code (null: it could not be run at all) and what it said */
  run(command: string, args: readonly string[]): { code: number | null; output: string };
  addresses?: Addresses;
  wait(ms: number): Promise<void>;
  wallMs(): number;
}

export interface ApplyNetwork {
  settings: NetworkSettings;
  /** Other addresses go again after so long; undefined: whoever asks stands at the machine, and they stay at once */
  confirmWithinMs?: number;
  /** What somebody has said to it; asked again and again */
  said?(): 'keep' | 'back' | undefined;
  ports: NetworkPorts;
}

/** What was at a path: a file's text, a link's target, nothing. */
const Before = z.record(
  z.string(),
  z.union([z.null(), z.object({ text: z.string() }), z.object({ link: z.string() })]),
);
type Before = z.infer<typeof Before>;
const Journal = z.object({
  before: Before,
  ports: z.array(z.string()),
  at: z.number().optional(),
  /** of the process that makes the change */
  pid: z.number().optional(),
});
type Journal = z.infer<typeof Journal>;

/** Gives how it ended; it is also where the box looks. AppError network_port_unknown, network_port_twice, network_zone_unknown */
export async function applyNetwork(options: ApplyNetwork): Promise<NetworkApplied> {
  const { settings, confirmWithinMs, said, ports } = options;
  recoverNetwork(ports);
  const startedAt = ports.wallMs();
  const told = (state: NetworkApplied['state'], detail = '', until: number | null = null): NetworkApplied => {
    const applied: NetworkApplied = { state, at: startedAt, until, detail };
    tellNetwork(ports, applied);
    return applied;
  };
  told('running');
  try {
    mustFit(settings, ports);
  } catch (error) {
    told('failed', isAppError(error) ? error.text('en') : errorText(error));
    throw error;
  }
  const files = planNetwork(settings, present(ports)).filter((file) => !isAsPlanned(ports, file));
  const journal = keepJournal(ports, files, settings);
  const addressed = files.some((file) => movesAPort(file, settings, journal));
  try {
    for (const file of files) put(ports, file);
    bringUp(ports, files, journal);
  } catch (error) {
    putBack(ports, journal);
    return told('failed', errorText(error));
  }
  if (addressed && confirmWithinMs !== undefined) {
    const until = startedAt + confirmWithinMs;
    told('unconfirmed', '', until);
    let answer = said?.();
    while (answer === undefined && ports.wallMs() < until && isJournal(ports, journal)) {
      await ports.wait(LOOK_MS);
      answer = said?.();
    }
    // Who stands at the machine has set something else, which began by taking this back: nothing of it is ours any more.
    if (!isJournal(ports, journal)) return { state: 'returned', at: startedAt, until: null, detail: '' };
    if (answer !== 'keep') {
      putBack(ports, journal);
      return told('returned');
    }
  }
  writeDurably(ports, KEPT_SETTINGS, `${JSON.stringify(settings)}\n`);
  rmSync(join(ports.root, JOURNAL), { force: true });
  return told('kept');
}

/** What a power cut has left half done is put back; true: there was something */
export function recoverNetwork(ports: NetworkPorts, running = true): boolean {
  const file = join(ports.root, JOURNAL);
  if (!existsSync(file)) return false;
  const journal = Journal.parse(JSON.parse(readFileSync(file, 'utf8')));
  putBack(ports, journal, running);
  tellNetwork(ports, { state: 'returned', at: ports.wallMs(), until: null, detail: '' });
  return true;
}

/**
 * Once the process that made a change is gone, however it went: a change that it has left half done is put back at once, and nobody waits
 * for what will not come. That of somebody else, who is at work, is left alone.
 */
export function settleNetwork(ports: NetworkPorts): void {
  const file = join(ports.root, JOURNAL);
  if (existsSync(file)) {
    const { pid } = Journal.parse(JSON.parse(readFileSync(file, 'utf8')));
    if (pid === undefined || !isAlive(pid)) recoverNetwork(ports);
    return;
  }
  const told = networkTold(ports.root);
  // Without a journal nothing has been changed yet, or all of it has been kept.
  if (told?.state === 'running') tellNetwork(ports, { ...told, state: 'failed', detail: 'interrupted' });
  if (told?.state === 'unconfirmed') tellNetwork(ports, { ...told, state: 'kept', until: null });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** How the last change went; null: none since the machine was switched on */
export function networkTold(root: string): NetworkApplied | null {
  try {
    return NetworkApplied.parse(JSON.parse(readFileSync(join(root, RESULT), 'utf8')));
  } catch {
    return null;
  }
}

/** Where the box looks. */
function tellNetwork({ root }: Pick<NetworkPorts, 'root'>, applied: NetworkApplied): void {
  mkdirSync(dirname(join(root, RESULT)), { recursive: true, mode: 0o755 });
  writeWhole(join(root, RESULT), `${JSON.stringify(applied)}\n`, 0o644);
}

function mustFit({ ports: wanted, timeZone }: NetworkSettings, { root, addresses }: NetworkPorts): void {
  const there = new Set(findPorts(root, addresses).map(({ port }) => port));
  const seen = new Set<string>();
  for (const { port } of wanted) {
    if (!there.has(port)) throw new AppError('network_port_unknown', { port });
    if (seen.has(port)) throw new AppError('network_port_twice', { port });
    seen.add(port);
  }
  const zone = lstatSync(join(root, ZONES, timeZone), { throwIfNoEntry: false });
  if (zone === undefined || zone.isDirectory()) throw new AppError('network_zone_unknown', { zone: timeZone });
}

function present({ root }: NetworkPorts): Parameters<typeof planNetwork>[1] {
  const folder = join(root, NETWORK_FOLDER);
  const hosts = join(root, HOSTS);
  return {
    networkFiles: existsSync(folder) ? readdirSync(folder) : [],
    hosts: existsSync(hosts) ? readFileSync(hosts, 'utf8') : '127.0.0.1 localhost\n',
  };
}

function contentOf({ root }: NetworkPorts, path: string): Before[string] {
  const file = join(root, path);
  const about = lstatSync(file, { throwIfNoEntry: false });
  if (about === undefined) return null;
  return about.isSymbolicLink() ? { link: readlinkSync(file) } : { text: readFileSync(file, 'utf8') };
}

function isAsPlanned(ports: NetworkPorts, file: PlannedFile): boolean {
  const now = contentOf(ports, file.path);
  if (now === null) return 'text' in file && file.text === null;
  if ('link' in file) return 'link' in now && now.link === file.link;
  return 'text' in now && now.text === file.text;
}

function keepJournal(ports: NetworkPorts, files: readonly PlannedFile[], { ports: wanted }: NetworkSettings): Journal {
  const before = Object.fromEntries(files.map(({ path }) => [path, contentOf(ports, path)]));
  const journal: Journal = { before, ports: wanted.map(({ port }) => port), at: ports.wallMs(), pid: process.pid };
  writeDurably(ports, JOURNAL, textOf(journal));
  return journal;
}

const textOf = (journal: Journal): string => `${JSON.stringify(journal)}\n`;

/** Is it the one that is kept? Another change takes it away. */
function isJournal({ root }: NetworkPorts, journal: Journal): boolean {
  const file = join(root, JOURNAL);
  return existsSync(file) && readFileSync(file, 'utf8') === textOf(journal);
}

/** A port without a file asks for its address, as the image has it: that written down is no other address. */
function movesAPort(file: PlannedFile, { ports }: NetworkSettings, { before }: Journal): boolean {
  if (!file.path.startsWith(NETWORK_FOLDER)) return false;
  const asks = 'text' in file && ports.some(({ port }) => networkText({ port, ...BY_DHCP }) === file.text);
  return !(asks && before[file.path] === null);
}

function put(ports: NetworkPorts, file: PlannedFile): void {
  const at = join(ports.root, file.path);
  mkdirSync(dirname(at), { recursive: true, mode: 0o755 });
  if ('link' in file) {
    rmSync(`${at}.new`, { force: true });
    symlinkSync(file.link, `${at}.new`);
    renameSync(`${at}.new`, at);
    const folder = openSync(dirname(at), 'r');
    fsyncSync(folder);
    closeSync(folder);
  } else if (file.text === null) rmSync(at, { force: true });
  else writeDurably(ports, file.path, file.text);
}

function putBack(ports: NetworkPorts, journal: Journal, running = true): void {
  const files = Object.entries(journal.before).map(([path, was]): PlannedFile => {
    if (was === null) return { path, text: null };
    return 'link' in was ? { path, link: was.link } : { path, text: was.text };
  });
  for (const file of files) put(ports, file);
  rmSync(join(ports.root, JOURNAL), { force: true });
  if (!running) return;
  // All of them: a port that is gone keeps no other from its old address. What does not take it up now does so at the next start.
  for (const [command, args] of readers(ports, files, journal)) ports.run(command, args);
}

function bringUp(ports: NetworkPorts, files: readonly PlannedFile[], journal: Journal): void {
  for (const [command, args] of readers(ports, files, journal)) {
    const { code, output } = ports.run(command, args);
    if (code !== 0) throw new Error(`${command} ${args.join(' ')}: ${output}`);
  }
}

/** How those who read the files are told, each only of its own. */
function readers({ root }: NetworkPorts, files: readonly PlannedFile[], { ports }: Journal): [string, string[]][] {
  const changed = (part: string): boolean => files.some(({ path }) => path.includes(part));
  const told: [string, string[]][] = [];
  if (changed(NETWORK_FOLDER))
    told.push(
      ['networkctl', ['reload']],
      ...ports.map((port): [string, string[]] => ['networkctl', ['reconfigure', port]]),
    );
  if (changed('/etc/hostname'))
    told.push(['hostnamectl', ['hostname', readFileSync(join(root, '/etc/hostname'), 'utf8').trim()]]);
  if (changed('timesyncd')) told.push(['systemctl', ['try-restart', 'systemd-timesyncd.service']]);
  return told;
}

function writeDurably({ root }: NetworkPorts, path: string, text: string): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
  writeWhole(file, text, 0o644);
}
