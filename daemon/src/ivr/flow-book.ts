// The flows in force. A caller keeps the flow as it was when he came, and with it those that it calls; a change counts from the next
// caller on. A flow that does not hold together is refused and the one before it stays.
import type { FlowRunner, FlowSession, PreparedFlow } from '../calls/flow-session.js';
import { newUlid, type Clock, type Log, type Unsubscribe } from '../platform/index.js';
import type {
  FlowDefinition,
  FlowNodeKind,
  FlowStep,
  FlowTrace,
  JsonObject,
  JsonValue,
  Language,
} from '../contract/index.js';
import type { Db, FlowRow } from '../db/index.js';
import type { FlowPorts, PortName } from './flow-ports.js';
import { FlowPositions } from './flow-positions.js';
import { runFlow, type FlowAt } from './interpreter.js';
import { nodeKinds, schemaOf } from './nodes/index.js';
import type { PromptLibrary } from './prompt-library.js';
import { Trace } from './trace.js';
import { validateFlow, type FlowCheck, type FlowSurroundings } from './validate-flow.js';

export interface FlowBookOptions {
  db: Db;
  prompts: PromptLibrary;
  /** services that nodes need; those that come later are put in before calls do */
  ports?: FlowPorts | undefined;
  /** who watches callers pass */
  watch?: ((step: FlowStep) => void) | undefined;
  clock: Clock;
  log: Log;
}

/** A call of the simulator that is to come into a flow that need not be live. */
export interface TestEntry {
  flow: FlowAt;
  node: string | undefined;
  values: Readonly<Record<string, JsonValue>>;
  language: Language;
}

/** How long the simulator's call may take to come, and how many may be on their way. */
const TEST_WAIT_MS = 30_000;
const MOST_TESTS = 20;
/** of a flow's results, in the record of the call */
const MOST_RESULTS_KEPT = 20;
const LONGEST_RESULT_KEPT = 500;

export class FlowBook implements FlowRunner {
  readonly ports: FlowPorts;
  readonly positions: FlowPositions;
  readonly #db: Db;
  readonly #prompts: PromptLibrary;
  readonly #clock: Clock;
  readonly #log: Log;
  /** replaced as a whole with every change: who is inside keeps the one that he came into */
  #inForce: ReadonlyMap<string, FlowAt> = new Map();
  readonly #tests = new Map<string, TestEntry>();
  readonly #traces = new Map<string, Trace[]>();
  #off: Unsubscribe | undefined;

  constructor(options: FlowBookOptions) {
    this.#db = options.db;
    this.#prompts = options.prompts;
    this.#clock = options.clock;
    this.#log = options.log;
    this.ports = options.ports ?? {};
    this.positions = new FlowPositions(options.watch ?? (() => undefined));
  }

  async start(): Promise<void> {
    this.#off = this.#db.events.on('flow.changed', ({ id, removed }) =>
      removed ? this.#replace(id, undefined) : this.#reload(id),
    );
    for (const row of await this.#db.flows.list()) this.#put(row);
  }

  stop(): void {
    this.#off?.();
  }

  prepare(flowId: string): PreparedFlow | undefined {
    const test = this.#tests.get(flowId);
    if (test !== undefined) {
      this.#tests.delete(flowId);
      return this.#prepared(test.flow, test);
    }
    const flow = this.#inForce.get(flowId);
    return flow === undefined ? undefined : this.#prepared(flow);
  }

  /** Of the plan's own making: whatever it names is met where the caller comes to it. */
  inline(definition: FlowDefinition): PreparedFlow {
    return this.#prepared({ flowId: '', version: 0, definition });
  }

  /** What the next call to this name comes into; the name is good for one call, and for half a minute. */
  expect(name: string, entry: TestEntry): void {
    if (this.#tests.size >= MOST_TESTS) this.#tests.delete(this.#tests.keys().next().value ?? '');
    this.#tests.set(name, entry);
    this.#clock.after(TEST_WAIT_MS, () => void this.#tests.delete(name));
  }

  expected(name: string): TestEntry | undefined {
    return this.#tests.get(name);
  }

  live(flowId: string): FlowAt | undefined {
    return this.#inForce.get(flowId);
  }

  /** As FlowsPort: checks shape, nodes, and everything that they name. */
  async validate(definition: unknown, language: Language, id?: string): Promise<FlowCheck> {
    return validateFlow(definition, await this.#surroundings(id), language);
  }

  /** Every type of node, for pages that draw flows. */
  kinds(): FlowNodeKind[] {
    return nodeKinds.map((kind) => ({
      type: kind.type,
      schema: schemaOf(kind),
      available: typeof kind.needs !== 'string' || this.ports[kind.needs] !== undefined,
      waitsForCaller: kind.waits,
    }));
  }

  /** The ways of a call through flows, of one that is live, too. */
  async traces(callId: string): Promise<FlowTrace[]> {
    const stored = await this.#db.flowTraces.listByCall(callId);
    const known = new Set(stored.map(({ id }) => id));
    const live = (this.#traces.get(callId) ?? []).map(({ view }) => structuredClone(view));
    return [...stored, ...live.filter(({ id }) => !known.has(id))];
  }

  /** Runs one for a session that is nobody's call: nothing is stored. */
  get inForce(): ReadonlyMap<string, FlowAt> {
    return this.#inForce;
  }

  async #surroundings(id: string | undefined): Promise<FlowSurroundings> {
    const { ports } = this;
    await ports.calendars?.applied?.();
    const queues = new Set((await this.#db.queues.list()).map((queue) => queue.id));
    const flows = new Map<string, FlowDefinition>([...this.#inForce].map(([name, at]) => [name, at.definition]));
    const there = Object.keys(ports) as PortName[];
    return {
      ...{ id, queues, flows, prompts: await this.#prompts.names() },
      ports: new Set(there.filter((name) => ports[name] !== undefined)),
      names: {
        calendar: ports.calendars?.ids(),
        dataSource: ports.sql?.ids(),
        agent: ports.transfer?.agents(),
        rota: ports.transfer === undefined ? undefined : (ports.transfer.rotas?.() ?? new Set()),
        announcement: ports.announcements?.ids(),
        voicemail: ports.voicemail?.ids() ?? ports.voicemailMenu?.ids(),
        conference: ports.conference?.ids(),
        survey: ports.survey?.ids(),
        faxReceive: ports.faxReceive?.ids(),
        faxSend: ports.faxSend?.ids(),
      } as FlowSurroundings['names'],
    };
  }

  async #reload(id: string): Promise<void> {
    const row = await this.#db.flows.find(id);
    if (row !== null) this.#put(row);
  }

  #replace(id: string, flow: FlowAt | undefined): void {
    const next = new Map(this.#inForce);
    if (flow === undefined) next.delete(id);
    else next.set(id, flow);
    this.#inForce = next;
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
    this.#replace(row.id, { flowId: row.id, version: row.version, definition: check.definition });
    this.#log.info({ flow: row.id, version: row.version }, 'flow in force');
  }

  #prepared(flow: FlowAt, test?: TestEntry): PreparedFlow {
    const flows = this.#inForce;
    const { flowId, version } = flow;
    return {
      flowId,
      version,
      run: async (session) => {
        const trace = this.#begin(flow, session);
        try {
          const results = await runFlow({
            ...{ flow, flows, session, trace, ports: this.ports, prompts: this.#prompts, clock: this.#clock },
            ...{ start: test?.node, values: test?.values, positions: this.positions },
            log: this.#log.child({ callId: session.callId, flow: flowId, version }),
          });
          return results === undefined ? undefined : openResults(flow, results);
        } finally {
          void this.#keep(trace);
        }
      },
    };
  }

  #begin({ flowId, version }: FlowAt, { callId }: FlowSession): Trace {
    const trace = new Trace({ id: newUlid(), callId, flowId, version, startedAt: this.#clock.wallMs() });
    this.#traces.set(callId, [...(this.#traces.get(callId) ?? []), trace]);
    return trace;
  }

  /** Nobody waits for it. */
  async #keep(trace: Trace): Promise<void> {
    const { endedAt, ...head } = trace.view;
    try {
      const row = { ...head, endedAt: endedAt ?? this.#clock.wallMs() };
      await this.#db.write((tx) => tx.flowTraces.insert(row), { soon: true });
    } catch (error) {
      this.#log.warn({ err: error, callId: head.callId }, 'the way of a caller through a flow could not be stored');
    }
    const left = (this.#traces.get(head.callId) ?? []).filter((one) => one !== trace);
    if (left.length === 0) this.#traces.delete(head.callId);
    else this.#traces.set(head.callId, left);
  }
}

/** What a flow has found out, for the record of the call: nothing secret, and nothing that is long. */
function openResults({ definition }: FlowAt, results: JsonObject): JsonObject {
  const open = Object.entries(results).filter(
    ([name, value]) =>
      definition.variables?.[name]?.secret !== true && JSON.stringify(value).length <= LONGEST_RESULT_KEPT,
  );
  return Object.fromEntries(open.slice(0, MOST_RESULTS_KEPT));
}
