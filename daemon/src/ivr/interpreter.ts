// Walks a caller through a flow, node by node, into the flows that it calls and back.
import type { FlowSession } from '../calls/flow-session.js';
import type { FlowDefinition, FlowNode, JsonObject, JsonValue } from '../contract/index.js';
import { errorText, type Clock, type Log } from '../platform/index.js';
import { ExpressionError, ValueError } from './expressions/index.js';
import { NodeFailure, speak, type FlowContext, type Step } from './flow-context.js';
import { LookupError, type FlowPorts } from './flow-ports.js';
import type { FlowPositions, Passage } from './flow-positions.js';
import type { NodeKind } from './node-kind.js';
import { kindOf } from './nodes/index.js';
import type { PromptLibrary } from './prompt-library.js';
import type { Trace } from './trace.js';
import { Variables } from './variables.js';

/**
 * A caller who comes through this many nodes is going round in circles; with prompts missing the circle takes no time at
 * all, and the daemon would do nothing else.
 */
export const MOST_STEPS = 1000;
/** Flows that have called one another; validation allows no circles, so this is for what was stored before it did. */
const DEEPEST_CALL = 10;
/** Nodes that break one after the other: the way for errors leads into errors. */
const MOST_FAILURES = 20;

/** Q.850: temporary failure */
const CAUSE_TEMPORARY_FAILURE = 41;
/** what a caller hears when a node breaks that has no way of its own for it */
export const APOLOGY = 'technical-fault';

/** One version of a flow; 0: a draft. */
export interface FlowAt {
  readonly flowId: string;
  readonly version: number;
  readonly definition: FlowDefinition;
}

export interface RunOptions {
  flow: FlowAt;
  /** the flows that it may call, as they were when the caller came */
  flows: ReadonlyMap<string, FlowAt>;
  session: FlowSession;
  prompts: Pick<PromptLibrary, 'findAll'>;
  ports: FlowPorts;
  clock: Clock;
  log: Log;
  trace: Trace;
  /** for those who watch */
  positions?: FlowPositions | undefined;
  /** for a test: where to begin, with what, and when */
  start?: string | undefined;
  values?: Readonly<Record<string, JsonValue>> | undefined;
  atMs?: number | undefined;
  /** in a dry run: what a node does instead */
  instead?: ((name: string, node: FlowNode, kind: NodeKind) => Step | undefined) | undefined;
}

/**
 * Runs the flow for one caller; its results, or undefined when it ended otherwise than by going back. Rejects with the session's reason
 * when the call ends under way.
 */
export async function runFlow(options: RunOptions): Promise<JsonObject | undefined> {
  const run = new Run(options);
  try {
    return await run.flow(options.flow, options.values ?? {}, 0, options.start);
  } finally {
    options.trace.end(options.clock.wallMs());
  }
}

class Run {
  readonly #options: RunOptions;
  #steps = 0;
  #failures = 0;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  /** The results; undefined when it has ended the call. */
  async flow(
    at: FlowAt,
    values: Readonly<Record<string, JsonValue>>,
    depth: number,
    start = at.definition.start,
  ): Promise<JsonObject | undefined> {
    const { session, clock, atMs } = this.#options;
    const { definition } = at;
    const variables = new Variables(definition, session, clock, atMs);
    for (const [name, value] of Object.entries(values)) variables.put(name, value);
    const passage = this.#options.positions?.enter(session.callId, this, at);
    try {
      return await this.#walk(at, start, variables, depth, passage);
    } finally {
      passage?.end(clock.wallMs());
    }
  }

  async #walk(
    at: FlowAt,
    start: string,
    variables: Variables,
    depth: number,
    passage: Passage | undefined,
  ): Promise<JsonObject | undefined> {
    const { session, clock, log } = this.#options;
    const { definition } = at;
    let name = start;
    for (;;) {
      session.signal.throwIfAborted();
      this.#steps += 1;
      if (this.#steps > MOST_STEPS) {
        log.error(
          { node: name, steps: MOST_STEPS },
          'the caller went through too many nodes; the flow goes in circles',
        );
        return this.#giveUp();
      }
      passage?.at(name, definition.nodes[name]?.type ?? '', clock.wallMs());
      const step = await this.#node(at, name, variables, depth);
      passage?.leaves(step.why);
      if ('next' in step) name = step.next;
      else if (step.end === 'released') return undefined;
      else return Object.fromEntries((definition.results ?? []).map((one) => [one, variables.get(one)?.value ?? null]));
    }
  }

  async #node(at: FlowAt, name: string, variables: Variables, depth: number): Promise<Step> {
    const { session, log, clock, trace, prompts, ports, instead } = this.#options;
    const { nodes } = at.definition;
    const node = Object.hasOwn(nodes, name) ? nodes[name] : undefined;
    const kind = node === undefined ? undefined : kindOf(node.type);
    const open = trace.enter(at, name, node?.type ?? '', clock.wallMs());
    const context: FlowContext = {
      ...{ flow: at.flowId, node: name, session, prompts, ports, clock, log, variables },
      warn: (warning) => open.warn(warning),
      note: (detail) => open.note(detail),
      call: (flowId, parameters) => this.#call(flowId, parameters, depth + 1),
    };
    let step: Step;
    try {
      if (node === undefined || kind === undefined)
        throw new NodeFailure('the flow leads to a node that does not exist');
      step = instead?.(name, node, kind) ?? (await kind.run(node, context));
      session.signal.throwIfAborted();
      this.#failures = 0;
    } catch (error) {
      if (session.signal.aborted) {
        open.leave(clock.wallMs(), { next: null, why: 'callEnded', changed: variables.takeChanged() });
        throw session.signal.reason;
      }
      step = await this.#failed(at.definition, node, context, error, open.warn.bind(open));
    }
    const changed = variables.takeChanged();
    const next = 'next' in step ? step.next : null;
    const detail = 'next' in step ? step.detail : undefined;
    open.leave(clock.wallMs(), { next, why: step.why, detail, changed });
    return step;
  }

  /** On at the node's own way for it; else an apology, and on at the flow's; else the end, with cause 41. */
  async #failed(
    { onError, nodes }: FlowDefinition,
    node: FlowNode | undefined,
    context: FlowContext,
    error: unknown,
    warn: (text: string) => void,
  ): Promise<Step> {
    const known =
      error instanceof NodeFailure ||
      error instanceof ValueError ||
      error instanceof ExpressionError ||
      error instanceof LookupError;
    const { log, session } = this.#options;
    const where = { node: context.node, type: node?.type };
    if (known) log.warn({ ...where, reason: error.message }, 'a node could not do its work');
    else log.error({ ...where, err: error }, 'a node broke');
    const detail = errorText(error);
    const own = node?.['error'];
    this.#failures += 1;
    if (this.#failures <= MOST_FAILURES) {
      if (typeof own === 'string' && Object.hasOwn(nodes, own)) return { next: own, why: 'error', detail };
      session.digits.clear();
      await speak(context, [APOLOGY], { bargeIn: false });
      if (onError !== undefined && onError !== context.node && Object.hasOwn(nodes, onError))
        return { next: onError, why: 'error', detail };
    }
    warn(detail);
    session.release(CAUSE_TEMPORARY_FAILURE);
    return { end: 'released', why: 'error' };
  }

  async #call(flowId: string, parameters: JsonObject, depth: number): Promise<JsonObject | undefined> {
    const { flows } = this.#options;
    const flow = flows.get(flowId);
    if (flow === undefined) throw new NodeFailure(`there is no flow ${flowId}`);
    if (depth > DEEPEST_CALL) throw new NodeFailure('flows call one another too deeply');
    return this.flow(flow, parameters, depth);
  }

  async #giveUp(): Promise<undefined> {
    const { session, prompts } = this.#options;
    const { files } = await prompts.findAll([APOLOGY], session.language);
    session.signal.throwIfAborted();
    if (files.length > 0)
      await session.play(files).then(
        ({ ended }) => ended,
        () => false,
      );
    if (!session.signal.aborted) session.release(CAUSE_TEMPORARY_FAILURE);
    return undefined;
  }
}
