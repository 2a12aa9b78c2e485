// Telephones by baresip: each a process with a folder of its own, driven over its control socket (netstrings of JSON). What it
// says comes from a file, what it hears goes into one.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { samplesOf } from './audio-match.js';
import type { Ending } from './box.js';
import { freePort } from './free-ports.js';

const MODULES = '/usr/lib/baresip/modules';
const LIMIT_MS = 45_000;
const ATTEMPTS = 5;
const RETRY_MS = 1000;

export interface PhoneOptions {
  number: number;
  secret: string;
  /** of the box */
  port: number;
  transport?: 'udp' | 'tcp' | 'tls';
  /** as baresip names it */
  codec?: 'pcma' | 'pcmu' | 'g722' | 'opus/48000/2';
  srtp?: boolean;
  answers?: 'auto' | 'manual';
  /** 16-bit WAV, 8 kHz mono, said once from when its media begins */
  says: string;
}

/** As the control socket tells it. */
export interface PhoneEvent {
  type: string;
  id?: string;
  param?: string;
  peeruri?: string;
}

export class Phone {
  readonly number: number;
  /** what it has told and nobody has waited for */
  readonly #events: PhoneEvent[] = [];
  readonly #waits = new Set<() => void>();
  /** what the process printed, SIP messages among it */
  output = '';
  readonly #folder: string;
  readonly #child: ChildProcess;
  #socket: Socket | undefined;
  #replies = new Map<string, (reply: { ok: boolean; data: string }) => void>();
  #token = 0;
  #rest = Buffer.alloc(0);

  private constructor(number: number, folder: string) {
    this.number = number;
    this.#folder = folder;
    this.#child = spawn('baresip', ['-f', folder, '-s', '-v'], { stdio: ['ignore', 'pipe', 'pipe'] });
    const hear = (text: Buffer): void => {
      this.output += text.toString();
      this.#heardSomething();
    };
    this.#child.stdout!.on('data', hear);
    this.#child.stderr!.on('data', hear);
  }

  /**
   * Resolves when it is registered. A box that is busy asks to come again (503), and one that does not know the account yet offers
   * a digest that baresip has not; it would come again after a minute only.
   */
  static async start(options: PhoneOptions, ending: Ending): Promise<Phone> {
    for (let attempt = 1; ; attempt += 1) {
      const folder = mkdtempSync(join(tmpdir(), 'cordboard-phone-'));
      ending.onEnd(() => rmSync(folder, { recursive: true, force: true }));
      const control = await freePort();
      configure(folder, options, { control, listen: await freePort() });
      const phone = new Phone(options.number, folder);
      ending.onEnd(() => phone.stop());
      const [, busy] = await phone.printed(attempt < ATTEMPTS ? /\} 200 OK|: (503 |Register: )/ : /\} 200 OK/);
      if (busy !== undefined) {
        await phone.stop();
        await sleep(RETRY_MS);
        continue;
      }
      // Its events are told to who listens by then.
      await phone.#connect(control);
      return phone;
    }
  }

  /** Resolves with the first event of this kind that has not been waited for yet. */
  event(type: string): Promise<PhoneEvent> {
    return this.#wait(type, () => {
      const at = this.#events.findIndex((event) => event.type === type);
      return at < 0 ? undefined : this.#events.splice(at, 1)[0];
    });
  }

  /** Resolves when this has been printed. */
  printed(text: RegExp): Promise<RegExpExecArray> {
    return this.#wait(String(text), () => text.exec(this.output) ?? undefined);
  }

  /** A command of baresip's menu; resolves with what it says to it. */
  async command(command: string, params = ''): Promise<string> {
    const token = String((this.#token += 1));
    const reply = new Promise<{ ok: boolean; data: string }>((resolve) => this.#replies.set(token, resolve));
    const body = JSON.stringify({ command, params, token });
    this.#socket!.write(`${Buffer.byteLength(body)}:${body},`);
    const { ok, data } = await reply;
    if (!ok) throw new Error(`telephone ${this.number} refuses ${command} ${params}: ${data}`);
    return data;
  }

  dial(number: string): Promise<string> {
    return this.command('dial', number);
  }

  /** Takes the call that rings. */
  async answer(): Promise<void> {
    await this.event('CALL_INCOMING');
    await this.command('accept');
  }

  hangUp(): Promise<string> {
    return this.command('hangup');
  }

  hold(): Promise<string> {
    return this.command('hold');
  }

  resume(): Promise<string> {
    return this.command('resume');
  }

  transfer(to: string): Promise<string> {
    return this.command('transfer', to);
  }

  /** As RFC 4733 events, or INFO, as was agreed upon. */
  async press(keys: string): Promise<void> {
    for (const key of keys) await this.command('sndcode', key);
    // baresip sends a key until another, or none, is pressed.
    await this.command('sndcode', '\u0004');
  }

  /** What it has heard in its calls that are over, newest last. */
  heard(): Float64Array[] {
    const names = readdirSync(this.#folder).filter((name) => name.startsWith('dump-') && name.endsWith('-dec.wav'));
    return names.sort().map((name) => samplesOf(join(this.#folder, name)));
  }

  async stop(): Promise<void> {
    this.#socket?.destroy();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await ended;
  }

  /** Looked at anew after everything that it says; rejects with all of that. */
  #wait<T>(what: string, look: () => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const again = (): void => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(timer);
        this.#waits.delete(again);
        resolve(found);
      };
      const timer = setTimeout(() => {
        this.#waits.delete(again);
        const said = this.#events.map((one) => one.type).join();
        const { exitCode, signalCode } = this.#child;
        const gone = exitCode === null && signalCode === null ? '' : `, and ended with ${exitCode ?? signalCode}`;
        reject(new Error(`telephone ${this.number}: no ${what}, but ${said}${gone}:\n${this.output}`));
      }, LIMIT_MS);
      this.#waits.add(again);
      again();
    });
  }

  #heardSomething(): void {
    for (const look of [...this.#waits]) look();
  }

  async #connect(port: number): Promise<void> {
    this.#socket = await new Promise<Socket>((resolve, reject) => {
      const socket = createConnection(port, '127.0.0.1', () => resolve(socket));
      socket.once('error', reject);
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('data', (data) => this.#hear(data));
  }

  #hear(data: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, data]);
    for (;;) {
      const colon = this.#rest.indexOf(':');
      if (colon < 0) return;
      const length = Number(this.#rest.toString('latin1', 0, colon));
      if (this.#rest.length < colon + length + 2) return;
      const body = this.#rest.toString('utf8', colon + 1, colon + 1 + length);
      this.#rest = this.#rest.subarray(colon + length + 2);
      const said = JSON.parse(body) as PhoneEvent & { event?: boolean; token?: string; ok: boolean; data: string };
      if (said.event === true) {
        this.#events.push(said);
        this.#heardSomething();
      } else if (said.token !== undefined) {
        this.#replies.get(said.token)?.(said);
        this.#replies.delete(said.token);
      }
    }
  }
}

function configure(
  folder: string,
  options: PhoneOptions,
  { control, listen }: { control: number; listen: number },
): void {
  const { number, secret, port, transport = 'udp', codec = 'pcma', srtp = false, answers = 'manual', says } = options;
  mkdirSync(folder, { recursive: true });
  const modules = ['g711', 'g722', 'opus', 'aufile', 'sndfile', 'srtp', 'account', 'menu', 'ctrl_tcp'];
  writeFileSync(
    join(folder, 'config'),
    [
      // Else it writes the address of the first card into its descriptions, and sends from another.
      'net_interface 127.0.0.1',
      `sip_listen 127.0.0.1:${listen}`,
      `ctrl_tcp_listen 127.0.0.1:${control}`,
      `audio_source aufile,${says}`,
      `snd_path ${folder}`,
      `module_path ${MODULES}`,
      ...modules.map((name) => `module ${name}.so`),
      'rtp_ports 30000-39999',
      'ausrc_srate 8000',
      'ausrc_channels 1',
      'jitter_buffer_delay 1-5',
      'ringback_disabled yes',
      '',
    ].join('\n'),
  );
  const server = `sip:${number}@127.0.0.1:${port}${transport === 'udp' ? '' : `;transport=${transport}`}`;
  const account = [
    `<${server}>`,
    ...[`auth_user=${number}`, `auth_pass=${secret}`, `answermode=${answers}`, `audio_codecs=${codec}`, 'regint=300'],
    ...(srtp ? ['mediaenc=srtp-mand'] : []),
  ];
  writeFileSync(join(folder, 'accounts'), `${account.join(';')}\n`);
  writeFileSync(join(folder, 'contacts'), '');
}
