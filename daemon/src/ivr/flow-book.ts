// The flows in force. A caller keeps the flow as it was when he came; a change counts from the next caller on. A flow that
// does not hold together is refused and the one before it stays.
import type { FlowRunner, PreparedFlow } from '../calls/flow-session.js';
import type { FlowDefinition, Language } from '../contract/index.js';
import type { Db, FlowRow } from '../db/index.js';
import type { Log, Unsubscribe } from '../platform/index.js';
import { runFlow } from './interpreter.js';
import type { PromptLibrary } from './prompt-library.js';
import { validateFlow, type FlowCheck } from './validate-flow.js';

export interface FlowBookOptions {
  db: Db;
  prompts: PromptLibrary;
  log: Log;
}

export class FlowBook implements FlowRunner {
  readonly #db: Db;
  readonly #prompts: PromptLibrary;
  readonly #log: Log;
  readonly #inForce = new Map<string, PreparedFlow>();
  #off: Unsubscribe | undefined;

  constructor(options: FlowBookOptions) {
    this.#db = options.db;
    this.#prompts = options.prompts;
    this.#log = options.log;
  }

  async start(): Promise<void> {
    this.#off = this.#db.events.on('flow.changed', ({ id, removed }) =>
      removed ? void this.#inForce.delete(id) : this.#reload(id),
    );
    for (const row of await this.#db.flows.list()) this.#put(row);
  }

  stop(): void {
    this.#off?.();
  }

  prepare(flowId: string): PreparedFlow | undefined {
    return this.#inForce.get(flowId);
  }

  /** Of the plan's own making: whatever it names is met where the caller comes to it. */
  inline(definition: FlowDefinition): PreparedFlow {
    const run: PreparedFlow['run'] = (session) =>
      runFlow(definition, session, this.#prompts, this.#log.child({ callId: session.callId }));
    return { flowId: '', version: 0, run };
  }

  /** As FlowsPort: checks shape, nodes, queues and prompts. */
  async validate(definition: unknown, language: Language): Promise<FlowCheck> {
    const queues = new Set((await this.#db.queues.list()).map((queue) => queue.id));
    return validateFlow(definition, { queues, prompts: await this.#prompts.names() }, language);
  }

  async #reload(id: string): Promise<void> {
    const row = await this.#db.flows.find(id);
    if (row !== null) this.#put(row);
  }

  #put(row: FlowRow): void {
    const running = this.#inForce.get(row.id);
    if (running !== undefined && running.version > row.version) return;
    // A prompt or a queue that has gone since is met where the caller comes to it; a missing node would leave him in the air.
    const check = validateFlow(row.definition, {}, 'en');
    if (!check.ok) {
      this.#log.error({ flow: row.id, version: row.version, problems: check.problems }, 'a stored flow is not valid');
      return;
    }
    this.#inForce.set(row.id, this.#prepared(row, check.definition));
    this.#log.info({ flow: row.id, version: row.version }, 'flow in force');
  }

  #prepared(row: FlowRow, definition: FlowDefinition): PreparedFlow {
    const { id: flowId, version } = row;
    return {
      flowId,
      version,
      run: (session) =>
        runFlow(definition, session, this.#prompts, this.#log.child({ callId: session.callId, flow: flowId, version })),
    };
  }
}
