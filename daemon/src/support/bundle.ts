// One file for a helper from outside: how the machine and the box are set up and do, and what was logged; no passwords, no keys, no
// recordings, nothing of the database.
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { scrubbed, withoutSecrets } from './redact.js';

export interface SupportPorts {
  home: string;
  /** output of a program, both streams; undefined: there is none, or it hangs */
  run(command: string, args: readonly string[]): string | undefined;
  /** of the box that runs; rejects when none does */
  ask(path: string): Promise<string>;
  wallMs(): number;
  about: Readonly<Record<string, string>>;
}

const LOG_LINES = '20000';
const COMMANDS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  'machine/kernel.txt': ['uname', '-a'],
  'machine/system.txt': ['cat', '/etc/os-release'],
  'machine/memory.txt': ['cat', '/proc/meminfo'],
  'machine/processors.txt': ['lscpu'],
  'machine/disks.txt': ['df', '-hT'],
  'machine/devices.txt': ['lsblk', '-o', 'NAME,SIZE,TYPE,MODEL,MOUNTPOINTS'],
  'machine/pci.txt': ['lspci', '-nn'],
  'machine/network.txt': ['ip', '-brief', 'address'],
  'machine/listening.txt': ['ss', '-lntup'],
  'machine/clock.txt': ['timedatectl', 'show'],
  'machine/kernel-log.txt': ['journalctl', '--dmesg', '--lines=3000', '--no-pager'],
  'machine/firewall.txt': ['nft', 'list', 'table', 'inet', 'cordboard'],
  'machine/dahdi.txt': ['sh', '-c', 'cat /proc/dahdi/* /etc/dahdi/system.conf /etc/modprobe.d/cordboard-boards.conf'],
  'machine/health.txt': ['cat', '/run/cordboard-health/machine.json'],
  'service/units.txt': ['systemctl', 'list-units', '--all', '--no-pager', 'cordboard*'],
  'service/state.txt': ['systemctl', 'show', 'cordboard.service'],
  'service/log.txt': ['journalctl', '--unit=cordboard*', `--lines=${LOG_LINES}`, '--no-pager', '--output=short-iso'],
};
/** What the box tells of itself, when it runs. */
const QUESTIONS = {
  'box/system.json': '/system',
  'box/health.json': '/system/health',
  'box/engine.txt': '/engine/dump',
};
/** Files of the home that are a secret as a whole. */
const SECRET_FILES = ['setup-code', 'local-token'];

/** Writes it (mode 0600), and gives the names of what is in it. */
export async function makeBundle(file: string, { home, run, ask, wallMs, about }: SupportPorts): Promise<string[]> {
  const secrets = new Set<string>();
  for (const name of SECRET_FILES) {
    const text = textOf(join(home, name))?.trim();
    if (text !== undefined && text !== '') secrets.add(text);
  }
  const plan = jsonOf(join(home, 'backup-plan.json'));
  withoutSecrets(plan, secrets);
  const settings = withoutSecrets(jsonOf(join(home, 'settings.json')) ?? {}, secrets);
  const texts = new Map<string, string>([
    ['about.json', JSON.stringify({ ...about, at: new Date(wallMs()).toISOString() }, null, 2)],
    ['box/settings.json', JSON.stringify(settings, null, 2)],
    ['box/files.txt', filesOf(home)],
  ]);
  for (const [name, [command, ...args]] of Object.entries(COMMANDS))
    texts.set(name, run(command, args) ?? 'not to be had\n');
  for (const [name, path] of Object.entries(QUESTIONS))
    texts.set(name, await ask(path).catch((error: unknown) => `not to be had: ${String(error)}\n`));

  const folder = mkdtempSync(join(tmpdir(), 'cordboard-support-'));
  try {
    const names = [...texts.keys()].sort();
    for (const name of names)
      writeFileSync(join(folder, name.replace('/', '-')), scrubbed(texts.get(name) as string, secrets));
    const members = names.map((name) => name.replace('/', '-'));
    // Made before anything is written, for nobody else to read.
    writeFileSync(file, '', { mode: 0o600, flag: 'wx' });
    await create({ gzip: true, file, cwd: folder, prefix: 'cordboard-support', portable: true }, members);
    return members;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Names and sizes, which tell what grows; two levels are enough. */
function filesOf(home: string): string {
  const lines: string[] = [];
  const walk = (below: string, depth: number): void => {
    for (const entry of readdirSync(join(home, below), { withFileTypes: true })) {
      const path = join(below, entry.name);
      if (entry.isDirectory()) {
        lines.push(`${path}/`);
        if (depth < 2) walk(path, depth + 1);
      } else lines.push(`${path} ${statSync(join(home, path)).size}`);
    }
  };
  try {
    walk('', 1);
  } catch (error) {
    lines.push(String(error));
  }
  return `${lines.slice(0, 5000).join('\n')}\n`;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function jsonOf(file: string): unknown {
  try {
    return JSON.parse(textOf(file) ?? '');
  } catch {
    return undefined;
  }
}
