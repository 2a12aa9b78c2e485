// The end of systemd: a socket on which it hears what services tell of themselves. Node.js has none of the kind; Python does.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './temporary-folder.js';

const RECEIVER = `
import json, socket, sys
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\\0" + name[1:] if name.startswith("@") else name)
print("bound", flush=True)
while True:
    print(json.dumps(s.recv(4096).decode()), flush=True)
`;

export interface NotifySocket {
  /** for NOTIFY_SOCKET */
  readonly name: string;
  /** what has come, oldest first */
  readonly all: readonly string[];
  /** Resolves when it fits; looks at each that comes. */
  until(fits: (all: readonly string[]) => boolean): Promise<void>;
}

let made = 0;

/** Abstract, or with a name in the file system. It goes with the test. */
export async function notifySocket(abstract = false): Promise<NotifySocket> {
  const name = abstract ? `@cordboard-test-${process.pid}-${made++}` : join(temporaryFolder(), 'notify');
  const child = spawn('python3', ['-c', RECEIVER, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const all: string[] = [];
  const waiting = new Set<() => void>();
  let rest = '';
  child.stdout.on('data', (data: Buffer) => {
    const lines = (rest + data.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== 'bound') all.push(JSON.parse(line) as string);
    for (const look of waiting) look();
  });
  await once(child.stdout, 'data');
  return {
    name,
    all,
    until: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!fits(all)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

notifySocket.possible = spawnSync('python3', ['-V']).status === 0;
