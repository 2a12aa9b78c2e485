// The stack in a thread of its own. When it falls it is begun anew: its calls are over, registrations are known again from what was
// stored, and everything else goes on.
import { Worker } from 'node:worker_threads';
import {
  AppError,
  TypedEmitter,
  errorText,
  type Clock,
  type EventSource,
  type Log,
  type Timer,
} from '../platform/index.js';
import type { Stack } from './sip-lines.js';
import { StackClient, type StackCommands, type StackConfig, type StackEvents, type StackPorts } from './stack/index.js';

export interface StackThreadOptions {
  /** as it is now; asked again when the thread is begun anew */
  config: () => Promise<StackConfig>;
  /** it listens, and knows nothing but its configuration */
  started?: (() => void) | undefined;
  /** the thread has ended without being told to; its calls are gone */
  failed: () => void;
  clock: Clock;
  log: Log;
}

/** ms; between an end and the next beginning, doubled each time until it has run well for a while */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;
const WELL_MS = 60_000;
/** ms; a stop waits no longer for the last messages */
const STOP_LIMIT_MS = 2000;

/** Two spaces of 4 MB and what is large: collections are short. */
const YOUNG_MB = 12;

export class StackThread implements Stack {
  readonly #options: StackThreadOptions;
  readonly #events: TypedEmitter<StackEvents>;
  #worker: Worker | undefined;
  #client: StackClient | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #restart: Timer | undefined;
  #stopping = false;
  #ports: StackPorts | undefined;
  #had: StackPorts | undefined;

  constructor(options: StackThreadOptions) {
    this.#options = options;
    this.#events = new TypedEmitter<StackEvents>(options.log);
  }

  get events(): EventSource<StackEvents> {
    return this.#events;
  }

  /** Where it listens; undefined: it does not run. */
  get ports(): StackPorts | undefined {
    return this.#ports;
  }

  command<C extends keyof StackCommands>(
    command: C,
    params: StackCommands[C]['params'],
  ): Promise<StackCommands[C]['reply']> {
    if (this.#client === undefined) return Promise.reject(new AppError('sip_unavailable'));
    return this.#client.command(command, params);
  }

  /** Resolves when it listens, or has failed to: then it is tried again until it does, and calls on other lines go on. */
  start(): Promise<void> {
    return this.#begin();
  }

  /** Calls end with BYE, then the thread; idempotent. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#restart?.cancel();
    const worker = this.#worker;
    if (worker === undefined) return;
    const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const limit = this.#options.clock.after(STOP_LIMIT_MS, () => void worker.terminate());
    this.#client?.command('stop', {}).catch(() => undefined);
    await ended;
    limit.cancel();
  }

  /** Never rejects. */
  async #begin(): Promise<void> {
    const { config, log } = this.#options;
    try {
      await this.#run(await config());
    } catch (error) {
      if (this.#stopping) return;
      log.error({ err: error }, `SIP does not start: ${errorText(error)}`);
      // Its end begins the next one; without a thread nothing would.
      if (this.#worker === undefined) this.#again();
      else void this.#worker.terminate();
    }
  }

  async #run(config: StackConfig): Promise<void> {
    const { log, clock } = this.#options;
    const worker = new Worker(new URL('./stack/worker.js', import.meta.url), {
      name: 'cb-sip',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    const client = new StackClient(worker, (event, data) => this.#hear(event, data));
    this.#worker = worker;
    this.#client = client;
    const begun = clock.monotonicMs();
    worker.once('error', (error) => log.error({ err: error }, `the SIP stack has failed: ${errorText(error)}`));
    worker.once('exit', () => this.#ended(worker, client, clock.monotonicMs() - begun));
    // The ports that it had: peers know them.
    this.#ports = await client.command('start', { ...config, ...this.#had });
    this.#had = this.#ports;
    log.info(this.#ports, 'SIP listens');
    this.#options.started?.();
  }

  #ended(worker: Worker, client: StackClient, ranMs: number): void {
    client.close(new AppError('sip_unavailable'));
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#client = undefined;
    this.#ports = undefined;
    if (this.#stopping) return;
    this.#options.failed();
    if (ranMs > WELL_MS) this.#pauseMs = FIRST_PAUSE_MS;
    this.#again();
  }

  #again(): void {
    this.#restart = this.#options.clock.after(this.#pauseMs, () => void this.#begin());
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
  }

  #hear<E extends keyof StackEvents>(event: E, data: StackEvents[E]): void {
    if (event !== 'log') return this.#events.emit(event, data);
    const { level, fields, text } = data as StackEvents['log'];
    this.#options.log[level](fields, text);
  }
}
