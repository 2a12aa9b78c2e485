// `cordboard network …`: addresses, name and time of a box that was booted from an image. What changes something needs root.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCommand } from '../boards/index.js';
import { homeFolder } from '../config/index.js';
import { NetworkPut, NetworkSettings, type NetworkApplied, type NetworkPort } from '../contract/index.js';
import {
  ANSWER,
  REQUEST,
  applyNetwork,
  findPorts,
  networkInForce,
  recoverNetwork,
  settleNetwork,
  type NetworkPorts,
} from '../machine-network/index.js';
import { AppError, check, foreignText, problemLine } from '../platform/index.js';
import { findMachine } from '../updates/index.js';
import { parseCommand } from './parse-command.js';
import { CliError, terminalLanguage } from './terminal.js';

const OPTIONS = {
  home: { type: 'string' },
  root: { type: 'string' },
  json: { type: 'boolean' },
  running: { type: 'boolean' },
  port: { type: 'string' },
  dhcp: { type: 'boolean' },
  address: { type: 'string' },
  gateway: { type: 'string' },
  dns: { type: 'string' },
  host: { type: 'string' },
  zone: { type: 'string' },
  ntp: { type: 'string' },
} as const;
type Values = { [Name in keyof typeof OPTIONS]?: (typeof OPTIONS)[Name]['type'] extends 'boolean' ? boolean : string };

const say = (en: string, zh: string): string => (terminalLanguage() === 'en' ? en : zh);
const print = (line: string): 0 => {
  process.stdout.write(`${line}\n`);
  return 0;
};
/** longer than any settings */
const LONGEST = 65_536;
const MINUTE_MS = 60_000;

export async function runNetworkCommand(args: readonly string[]): Promise<number> {
  const [what = 'show', ...rest] = args;
  const { values } = parseCommand(rest, OPTIONS, 0);
  switch (what) {
    case 'show':
      return show(values);
    case 'set':
      return ended(await set(values));
    case 'request':
      return ended(await answer(values));
    case 'recover':
      // On a machine that runs only what is left of who is gone; before its network is brought up, whatever there is.
      if (values.running === true) settleNetwork(machine(what, values));
      else recoverNetwork(machine(what, values), false);
      return 0;
    default:
      throw new CliError(`What of the network? show, set or recover; not "${what}".`);
  }
}

function show({ root = '/', json }: Values): number {
  const found = findPorts(root);
  const settings = networkInForce(root, found);
  if (json === true) return print(JSON.stringify({ settings, found }));
  for (const { port, mode, address } of settings.ports) {
    const { link = false, addresses = [] } = found.find((one) => one.port === port) ?? {};
    const cable = link ? say('link', '已连接') : say('no link', '未连接');
    print(`${port}  ${mode === 'dhcp' ? 'DHCP' : address}  ${cable}  ${addresses.join(' ')}`.trim());
  }
  return print(`${settings.hostName}  ${settings.timeZone}  ${settings.ntpServers.join(' ')}`.trim());
}

function machine(command: string, { root = '/' }: Values): NetworkPorts {
  if (findMachine(root) === undefined) throw new AppError('network_not_here');
  if (root === '/' && process.getuid?.() !== 0) throw new AppError('network_not_root', { command });
  return { root, run: runCommand, wait: (ms) => sleep(ms), wallMs: () => Date.now() };
}

/** By who stands at the machine: nobody has to confirm it. */
function set(values: Values): Promise<NetworkApplied> {
  const ports = machine('set', values);
  const now = networkInForce(ports.root, findPorts(ports.root));
  const listed = (text: string | undefined): string[] | undefined => text?.split(/[\s,]+/).filter(Boolean);
  const wanted: unknown = {
    ...now,
    ...{ hostName: values.host ?? now.hostName, timeZone: values.zone ?? now.timeZone },
    ntpServers: listed(values.ntp) ?? now.ntpServers,
    ports: portsOf(now.ports, values, listed(values.dns) ?? []),
  };
  const checked = check(NetworkSettings, wanted);
  if (!checked.ok) throw new CliError(problemLine(checked.problems(terminalLanguage())));
  return applyNetwork({ settings: checked.value, ports });
}

function portsOf(now: readonly NetworkPort[], values: Values, dns: string[]): unknown[] {
  const { port, dhcp, address, gateway = '' } = values;
  if (port === undefined) return [...now];
  if ((dhcp === true) === (address !== undefined))
    throw new CliError(say('--dhcp or --address?', '--dhcp 还是 --address？'));
  const mode = dhcp === true ? ('dhcp' as const) : ('fixed' as const);
  const one = { port, mode, address: address ?? '', gateway: mode === 'fixed' ? gateway : '', dns };
  return [...now.filter((other) => other.port !== port), one];
}

/** What the page has asked for (machine-network/network-desk.ts). The home is not root's: nothing in it is followed. */
function answer(values: Values): Promise<NetworkApplied> {
  const ports = machine('request', values);
  const home = values.home ?? homeFolder();
  const file = join(home, REQUEST);
  let text: string;
  try {
    text = foreignText(file, LONGEST);
  } finally {
    // Whatever it is and says: the same request does not come twice.
    rmSync(file, { recursive: true, force: true });
  }
  const { settings, confirmWithinMinutes } = NetworkPut.parse(JSON.parse(text));
  const word = join(home, ANSWER);
  rmSync(word, { force: true });
  return applyNetwork({
    ...{ settings, confirmWithinMs: confirmWithinMinutes * MINUTE_MS, ports },
    said: () => {
      const said = wordIn(word);
      if (said !== 'keep' && said !== 'back') return undefined;
      rmSync(word, { force: true });
      return said;
    },
  });
}

/** undefined: there is none, and whatever else lies there says nothing */
function wordIn(file: string): string | undefined {
  try {
    return foreignText(file, LONGEST);
  } catch {
    return undefined;
  }
}

function ended({ state, detail }: NetworkApplied): number {
  if (state === 'kept') return print(say('The network is set.', '网络已设置。'));
  if (state === 'returned')
    print(
      say('It was not confirmed, or taken back: the old addresses are back.', '未确认或已撤销，已恢复原来的地址。'),
    );
  else print(say(`It failed, and everything is as it was: ${detail}`, `设置失败，已恢复原状：${detail}`));
  return 1;
}
