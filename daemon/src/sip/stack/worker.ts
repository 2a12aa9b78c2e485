// The thread of the stack: begins when the daemon says `start`, ends when it says `stop`. An exception that nobody has caught ends the
// thread, and the daemon begins another: the switch and its calls on other lines go on. A promise that was rejected without anybody to
// hear of it is the trouble of one call, and the others go on.
import { parentPort } from 'node:worker_threads';
import { createLog, systemClock } from '../../platform/index.js';
import { StackRefusal, StackServer, type StackHandlers } from './channel.js';
import { startOnChosenPorts } from './listeners.js';
import type { StackCommands, StackConfig } from './protocol.js';
import { Stack } from './stack.js';

if (parentPort === null) throw new Error('the SIP stack runs as a thread of the daemon');
const port = parentPort;

let stack: Stack | undefined;

let handlers: Omit<StackHandlers, 'start' | 'stop'> | undefined;

/** Its lines are the daemon's to write. */
const log = createLog({ level: 'debug', destination: { write: (line: string) => tell(line) } });

function tell(line: string): void {
  const { level, msg, time: _time, ...fields } = JSON.parse(line) as Record<string, unknown>;
  server.emit('log', { level: levelOf(level), fields, text: typeof msg === 'string' ? msg : '' });
}

function levelOf(level: unknown): 'debug' | 'info' | 'warn' | 'error' {
  return level === 'debug' || level === 'info' || level === 'warn' ? level : 'error';
}

process.on('unhandledRejection', (error) => log.error({ err: error }, 'something went wrong that nobody has caught'));

async function start(config: StackConfig): Promise<StackCommands['start']['reply']> {
  if (stack !== undefined) throw new StackRefusal('invalid', 'the stack has been started');
  const emit: StackServer['emit'] = (event, data) => server.emit(event, data);
  return startOnChosenPorts(config, async (chosen) => {
    const made = new Stack({ config: chosen, emit, clock: systemClock, log });
    const started = await made.start();
    stack = made;
    handlers = made.handlers();
    return started;
  });
}

async function stop(): Promise<StackCommands['stop']['reply']> {
  await stack?.stop();
  stack = undefined;
  handlers = undefined;
  setImmediate(() => port.close());
  return {};
}

const server: StackServer = new StackServer(port, (command) => {
  if (command === 'start') return start as never;
  if (command === 'stop') return stop as never;
  if (handlers === undefined) throw new StackRefusal('unreachable', 'the stack has not been started');
  return handlers[command as keyof typeof handlers] as never;
});
