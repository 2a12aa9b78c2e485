// A Debian 12 of the test's own, with its own systemd: laid out once by mmdebstrap with what the package wants, then copied and booted by
// systemd-nspawn. It has a network of its own (loopback alone), so nothing in it is reached from outside and nothing outside from it.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const KEPT = join(ROOT, 'build/package/machines');
/** Of the machine itself; what the package depends on comes besides. */
const INCLUDED = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'udev',
  'debconf',
  'ca-certificates',
  'iproute2',
  'nftables',
  'curl',
];

const start = promisify(execFile);

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Deb {
  file: string;
  version: string;
  sha256: string;
}

/** Packs what is built here, quickly. */
export async function makeDeb(to: string, version?: string): Promise<Deb> {
  const script = `import(${JSON.stringify(join(ROOT, 'install/package/deb.mjs'))}).then((it) => it.packageDeb(process.argv.slice(1)))`;
  const args = ['--fast', '--json', '--to', to, ...(version === undefined ? [] : ['--version', version])];
  const env = { ...process.env, SOURCE_DATE_EPOCH: '1800000000' };
  const { stdout } = await start(process.execPath, ['-e', script, '--', ...args], { env });
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Deb;
}

/** The packages that `deb` wants, those that are one of several by their first name. */
export async function wantedBy(deb: string): Promise<string[]> {
  const { stdout } = await start('dpkg-deb', ['--field', deb, 'Depends']);
  return stdout.split(',').map((one) => one.trim().split(/[\s|:]/)[0] as string);
}

/** The archive of a fresh machine; made when what it is to hold has changed. */
export async function baseMachine(packages: readonly string[]): Promise<string> {
  const all = [...new Set([...INCLUDED, ...packages])].sort();
  const digest = createHash('sha256').update(all.join(' ')).digest('hex').slice(0, 12);
  const archive = join(KEPT, `base-${digest}.tar`);
  if (existsSync(archive)) return archive;
  mkdirSync(KEPT, { recursive: true });
  for (const old of readdirSync(KEPT).filter((name) => name.startsWith('base-'))) rmSync(join(KEPT, old));
  const draft = join(KEPT, `new-${digest}.tar`);
  const options = ['--variant=apt', '--mode=root', '--aptopt=APT::Sandbox::User "root"', '--dpkgopt=force-unsafe-io'];
  await start('mmdebstrap', [...options, `--include=${all.join(',')}`, 'bookworm', draft], {
    maxBuffer: 2 ** 26,
    cwd: '/',
  });
  renameSync(draft, archive);
  return archive;
}

export class Machine {
  readonly #folder: string;
  #nspawn: ChildProcess | undefined;
  #init = 0;
  #console = '';

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async unpack(archive: string, name: string): Promise<Machine> {
    const folder = join(KEPT, `${name}-${process.pid}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    await start('tar', ['-xf', archive, '-C', folder]);
    // Two boots of one archive are two machines.
    rmSync(join(folder, 'etc/machine-id'), { force: true });
    return new Machine(folder);
  }

  get folder(): string {
    return this.#folder;
  }

  /** Resolves when its systemd has started all it is to start. */
  async boot(limitMs = 120_000): Promise<void> {
    const options = [
      '--quiet',
      '--register=no',
      '--keep-unit',
      '--private-network',
      '--capability=CAP_IPC_LOCK',
      '--console=pipe',
      '--resolv-conf=off',
    ];
    const child = spawn('systemd-nspawn', [...options, '--directory', this.#folder, '--boot'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#nspawn = child;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (this.#console += text.toString()));
    const end = Date.now() + limitMs;
    for (;;) {
      if (child.exitCode !== null || Date.now() > end) throw new Error(`the machine does not boot:\n${this.#console}`);
      this.#init = childrenOf(child.pid)[0] ?? 0;
      // The name of the process tells that it is no longer the one that makes the machine.
      if (this.#init !== 0 && nameOf(this.#init) === 'systemd') {
        const { stdout } = await this.run('systemctl', ['is-system-running']).catch(() => ({ stdout: '' }));
        if (/^(running|degraded)/.test(stdout)) return;
      }
      await sleep(200);
    }
  }

  /** Runs a program in the machine that is up. Never rejects because of its exit code. */
  async run(program: string, args: readonly string[], limitMs = 120_000): Promise<Ran> {
    return ran('nsenter', ['-t', String(this.#init), '-a', '--', program, ...args], limitMs);
  }

  /** By a shell. */
  sh(line: string, limitMs?: number): Promise<Ran> {
    return this.run('/bin/sh', ['-c', line], limitMs);
  }

  /** Its output; throws with all it said when it fails. */
  async ok(line: string, limitMs?: number): Promise<string> {
    const { code, stdout, stderr } = await this.sh(line, limitMs);
    if (code !== 0) throw new Error(`${line}: ${code}\n${stdout}${stderr}`);
    return stdout.trim();
  }

  /** Asks until the output fits. */
  async until(line: string, fits: (output: string) => boolean, limitMs = 90_000): Promise<string> {
    const end = Date.now() + limitMs;
    for (;;) {
      const { stdout, stderr } = await this.sh(line);
      if (fits(stdout.trim())) return stdout.trim();
      if (Date.now() > end) throw new Error(`${line} still gives:\n${stdout}${stderr}`);
      await sleep(250);
    }
  }

  /** As the machine that runs the test sees the process with this number in the machine. */
  hostPid(pid: number): number {
    const found = descendantsOf(this.#init).find((one) => Number(namespacePid(one)) === pid);
    if (found === undefined) throw new Error(`the machine has no process ${pid}`);
    return found;
  }

  /** Power off, and what it was laid out in goes. */
  async remove(): Promise<void> {
    const child = this.#nspawn;
    if (child !== undefined && child.exitCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      // All of its processes end with their first one, which takes a moment.
      if (this.#init !== 0) process.kill(this.#init, 'SIGKILL');
      while (lives(this.#init)) await sleep(50);
    }
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
}

async function ran(program: string, args: readonly string[], limitMs: number): Promise<Ran> {
  try {
    const { stdout, stderr } = await start(program, args, { timeout: limitMs, maxBuffer: 2 ** 26, env: ENV });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number | string; stdout?: string; stderr?: string };
    return { code: typeof code === 'number' ? code : -1, stdout, stderr };
  }
}

const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8', DEBIAN_FRONTEND: 'noninteractive' };

const text = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');
const nameOf = (pid: number): string => text(`/proc/${pid}/comm`).trim();
/** Nobody may have asked how it ended. */
const lives = (pid: number): boolean => /^State:\s+[^ZX]/m.test(text(`/proc/${pid}/status`));
const namespacePid = (pid: number): string | undefined => /^NSpid:.*\t(\d+)$/m.exec(text(`/proc/${pid}/status`))?.[1];

function childrenOf(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  return text(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number);
}

function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((one) => [one, ...descendantsOf(one)]);
}
