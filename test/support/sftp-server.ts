// OpenSSH's own server on a free port, with a key of its own, for the user at hand.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from './free-ports.js';

export interface SftpServer {
  port: number;
  username: string;
  /** SHA256:…, as ssh-keygen says it */
  fingerprint: string;
  /** another server at the same address from now on */
  otherKey(): Promise<void>;
  /** lets this key in, one line of authorized_keys */
  authorize(publicKey: string): void;
  stop(): Promise<void>;
  start(): Promise<void>;
}

export async function sftpServer(folder: string): Promise<SftpServer> {
  const port = await freePort();
  const [hostKey, authorized, config] = ['host', 'authorized', 'config'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  // Where it separates its rights; only root needs it.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  writeFileSync(authorized, '', { mode: 0o600 });
  const keep = [
    ...[`Port ${port}`, 'ListenAddress 127.0.0.1', `HostKey ${hostKey}`, `AuthorizedKeysFile ${authorized}`],
    ...['StrictModes no', 'UsePAM no', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no'],
    ...['PermitRootLogin yes', 'Subsystem sftp internal-sftp', `PidFile ${join(folder, 'pid')}`],
  ];
  writeFileSync(config, `${keep.join('\n')}\n`);
  let child: ChildProcess | undefined;
  let said = '';

  function makeKey(): string {
    spawnSync('rm', ['-f', hostKey, `${hostKey}.pub`]);
    spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', hostKey]);
    chmodSync(hostKey, 0o600);
    return spawnSync('ssh-keygen', ['-lf', `${hostKey}.pub`], { encoding: 'utf8' }).stdout.split(' ')[1] ?? '';
  }

  async function start(): Promise<void> {
    const begun = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    child = begun;
    begun.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    for (;;) {
      if (begun.exitCode !== null) throw new Error(`sshd ended: ${said}`);
      const open = await new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy() !== undefined));
        socket.on('error', () => resolve(false));
      });
      if (open) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async function stop(): Promise<void> {
    const going = child;
    child = undefined;
    if (going === undefined || going.exitCode !== null) return;
    const ended = new Promise((resolve) => going.once('exit', resolve));
    going.kill('SIGTERM');
    await ended;
  }

  const server: SftpServer = {
    port,
    username: userInfo().username,
    fingerprint: makeKey(),
    async otherKey() {
      await stop();
      server.fingerprint = makeKey();
      await start();
    },
    authorize: (publicKey) => writeFileSync(authorized, `${readFileSync(authorized, 'utf8')}${publicKey}\n`),
    stop,
    start,
  };
  onTestFinished(stop);
  await start();
  return server;
}
