// The menu of the console at a terminal of its own, on a machine that is a folder: `ip`, `systemctl` and the like are small programs that note
// what they were asked, `cordboard` is the real command.
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { expect } from 'vitest';
import { ImageMachine } from './image-machine.js';
import { temporaryFolder } from './temporary-folder.js';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const MENU = at('install/image/root/usr/lib/cordboard-image/console');
const PTY = at('test/support/pty-child.py');
const COMMAND = at('daemon/bin/cordboard.mjs');

export class ConsoleBox {
  readonly root = temporaryFolder();
  readonly machine = new ImageMachine(this.root, '1.2.3');
  readonly #programs = temporaryFolder();
  readonly #journal = join(this.#programs, 'journal');
  #child: ChildProcess | undefined;
  shown = '';

  constructor() {
    for (const folder of ['var/lib', 'data', 'etc/systemd/network'])
      mkdirSync(join(this.root, folder), { recursive: true });
    this.put('etc/hostname', 'cordboard\n');
    this.put('etc/hosts', '127.0.0.1 localhost\n127.0.1.1 cordboard\n');
    this.put('usr/share/zoneinfo/Etc/UTC', '');
    this.put('usr/share/zoneinfo/Asia/Shanghai', '');
    this.put('sys/class/net/eth0/type', '1\n');
    this.put('sys/class/net/eth0/address', '52:54:00:12:34:56\n');
    this.put('sys/class/net/eth0/carrier', '1\n');
    this.put('sys/class/net/eth0/device/vendor', '0x8086\n');
    // `ip -brief link show` and `ip -brief address show`
    this.program(
      'ip',
      'case "$2" in link) printf "lo UNKNOWN\\neth0 UP\\n" ;; *) printf "eth0 UP 192.0.2.7/24\\n" ;; esac',
    );
    for (const name of ['systemctl', 'networkctl', 'hostnamectl']) this.program(name, 'exit 0');
    this.program('cordboard', `exec "${process.execPath}" "${COMMAND}" "$@"`, false);
  }

  get home(): string {
    return join(this.root, 'var/lib/cordboard');
  }

  /** A shell's lines that stand for a program; `noted`: what it was asked is kept. */
  program(name: string, body: string, noted = true): void {
    const file = join(this.#programs, name);
    const note = noted ? `printf '%s\\n' "${name} $*" >> "${this.#programs}/ran"\n` : '';
    writeFileSync(file, `#!/bin/sh\n${note}${body}\n`);
    chmodSync(file, 0o755);
  }

  put(path: string, text: string): void {
    mkdirSync(join(this.root, path, '..'), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  read(path: string): string {
    const file = join(this.root, path);
    return existsSync(file) ? readFileSync(file, 'utf8') : '';
  }

  get ran(): string[] {
    const file = join(this.#programs, 'ran');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  }

  get journal(): string {
    return readFileSync(this.#journal, 'utf8');
  }

  /** `tty`: ttyS0 has both languages, tty1 English alone. */
  start(tty: string): void {
    const journal = openSync(this.#journal, 'a');
    const env = {
      PATH: `${this.#programs}:${process.env['PATH'] ?? ''}`,
      CORDBOARD_CONSOLE_ROOT: this.root,
      CORDBOARD_CONSOLE_ENDING: '0',
      TERM: 'dumb',
    };
    const stdio = ['pipe', 'pipe', 'inherit', ...Array.from({ length: 6 }, () => 'ignore' as const), journal] as const;
    const child = spawn('python3', [PTY, '/bin/bash', MENU, tty], { env, stdio: [...stdio] });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.shown += text));
    onTestFinished(() => void child.kill('SIGKILL'));
    this.#child = child;
  }

  /** Until it is shown, after what was shown before. */
  async sees(text: string | RegExp): Promise<void> {
    const found = (): boolean => (typeof text === 'string' ? this.shown.includes(text) : text.test(this.shown));
    await expect.poll(found, { message: `${String(text)} in ${this.shown}`, timeout: 60_000 }).toBe(true);
  }

  /** Types a line; what was shown by then is forgotten. */
  types(line: string): void {
    this.shown = '';
    this.#child?.stdin?.write(`${line}\n`);
  }
}
