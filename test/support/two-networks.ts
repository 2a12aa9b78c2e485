// A computer with two networks, such as Wi-Fi and a cable, of which one leads to us at a time. It is a network namespace; needs root.
//
//   ours: `box`, on lo ── gate of each ══ veth ══ there of each ── the computer
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import type { Ending } from './box.js';

export type NetworkName = 'wifi' | 'cable';
const NAMES = ['wifi', 'cable'] as const;

// Of a process of its own, as several may run on this machine.
const nameOf = (pid: number): string => `cordboard-${pid}`;
/** A name of the kernel's for a link has 15 characters at most. */
const gateOf = (pid: number, name: NetworkName): string => `cb${pid}${name[0]}`;
const netOf = (pid: number, which: number): string =>
  `10.${100 + (pid % 100)}.${3 * (Math.floor(pid / 100) % 80) + which}`;

function ip(...words: string[]): void {
  const { status, stderr } = spawnSync('ip', words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${words.join(' ')}: ${stderr}`);
}

export class TwoNetworks {
  /** where we are reached, whichever network it has */
  readonly box: string;
  readonly #name = nameOf(process.pid);

  private constructor() {
    this.box = `${netOf(process.pid, 0)}.1`;
  }

  /** It has the first one. Gone with the test, whatever becomes of it. */
  static make(ending: Ending): TwoNetworks {
    removeThoseOfTheDead();
    const networks = new TwoNetworks();
    ending.onEnd(() => removeOf(process.pid));
    ip('address', 'add', `${networks.box}/32`, 'dev', 'lo');
    ip('netns', 'add', networks.#name);
    ip('-n', networks.#name, 'link', 'set', 'lo', 'up');
    for (const name of NAMES) {
      const [gate, there] = [gateOf(process.pid, name), name];
      ip('link', 'add', gate, 'type', 'veth', 'peer', 'name', there, 'netns', networks.#name);
      ip('address', 'add', `${networks.addressOf(name, 1)}/24`, 'dev', gate);
      ip('link', 'set', gate, 'up');
    }
    networks.plugIn('wifi');
    return networks;
  }

  /** `host` 1 is ours, 2 the computer's. */
  addressOf(name: NetworkName, host = 2): string {
    return `${netOf(process.pid, 1 + NAMES.indexOf(name))}.${host}`;
  }

  /** It has a link, an address and the way out by this one. */
  plugIn(name: NetworkName): void {
    const there = ['-n', this.#name];
    ip(...there, 'link', 'set', name, 'up');
    ip(...there, 'address', 'replace', `${this.addressOf(name)}/24`, 'dev', name);
    ip(...there, 'route', 'replace', 'default', 'via', this.addressOf(name, 1), 'dev', name);
  }

  /** No link and no address any more, as when a cable is pulled. */
  unplug(name: NetworkName): void {
    ip('-n', this.#name, 'address', 'flush', 'dev', name);
    ip('-n', this.#name, 'link', 'set', name, 'down');
  }

  /** Nothing by UDP leaves it any more, as in offices that let nobody out but to web pages. */
  blockUdp(): void {
    const rules = 'table inet office { chain out { type filter hook output priority 0; meta l4proto udp drop; }; }';
    const [command, ...words] = [...this.inside, 'nft', rules];
    const { status, stderr } = spawnSync(command!, words, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`nft: ${stderr}`);
  }

  /** In front of a command: it runs there. */
  get inside(): string[] {
    return ['nsenter', `--net=/run/netns/${this.#name}`];
  }

  /** A program at `path` that runs `program` there. */
  wrap(path: string, program: string): string {
    writeFileSync(path, `#!/bin/sh\nexec ${this.inside.join(' ')} ${program} "$@"\n`);
    chmodSync(path, 0o755);
    return path;
  }
}

function removeOf(pid: number): void {
  // What was not made cannot be taken away.
  spawnSync('ip', ['netns', 'delete', nameOf(pid)]);
  for (const name of NAMES) spawnSync('ip', ['link', 'delete', gateOf(pid, name)]);
  spawnSync('ip', ['address', 'delete', `${netOf(pid, 0)}.1/32`, 'dev', 'lo']);
}

/** Of tests that were ended before they could clean up. */
function removeThoseOfTheDead(): void {
  const { stdout } = spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' });
  for (const [, pid] of stdout.matchAll(/^cordboard-(\d+)/gm)) if (!existsSync(`/proc/${pid}`)) removeOf(Number(pid));
}
