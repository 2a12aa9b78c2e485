// What those who draw flows ask for: verdicts, traces, dry runs, calls of the simulator into drafts.
import { randomInt } from 'node:crypto';
import type {
  ErrorDetail,
  FlowDefinition,
  FlowDryRun,
  FlowDryRunResult,
  FlowNodeKind,
  FlowTestCall,
  FlowTrace,
  Language,
  PromptUse,
} from '../contract/index.js';
import type { Db } from '../db/index.js';
import type { DialPlan } from '../lines/index.js';
import { AppError, type Clock } from '../platform/index.js';
import { dryRun } from './dry-run.js';
import type { FlowBook } from './flow-book.js';
import { kindOf } from './nodes/index.js';
import { validateFlow, type FlowCheck } from './validate-flow.js';

/** Numbers that lead a call of the simulator into a flow begin so; nobody has one for longer than it takes to call. */
const TEST_PREFIX = '00099';

export interface FlowDeskOptions {
  book: FlowBook;
  db: Db;
  clock: Clock;
}

export class FlowDesk {
  readonly #book: FlowBook;
  readonly #db: Db;
  readonly #clock: Clock;

  constructor({ book, db, clock }: FlowDeskOptions) {
    this.#book = book;
    this.#db = db;
    this.#clock = clock;
  }

  validate(definition: unknown, language: Language, id?: string): Promise<FlowCheck> {
    return this.#book.validate(definition, language, id);
  }

  kinds(): FlowNodeKind[] {
    return this.#book.kinds();
  }

  callers(flowId: string): ReturnType<FlowBook['positions']['callersOf']> {
    return this.#book.positions.callersOf(flowId);
  }

  traces(callId: string): Promise<FlowTrace[]> {
    return this.#book.traces(callId);
  }

  /** AppError flow_invalid when it does not hold together, flow_node_not_found. */
  async dryRun(request: FlowDryRun, language: Language): Promise<FlowDryRunResult> {
    // What it names need not be there: it is not asked.
    const check = validateFlow(request.definition, {}, language);
    const definition = held('draft', check);
    hasNode('draft', definition, request.node);
    return dryRun({ definition, flows: this.#book.inForce, request, nowMs: this.#clock.wallMs() });
  }

  /**
   * The number that the simulator is to call. AppError flow_draft_not_found, flow_not_found, flow_invalid, flow_node_not_found.
   */
  async expectCall(id: string, request: FlowTestCall, language: Language): Promise<string> {
    const { source, node, variables = {} } = request;
    const spoken = request.language ?? language;
    const flow = source === 'live' ? this.#book.live(id) : await this.#draft(id, language);
    if (flow === undefined) throw new AppError('flow_not_found', { id });
    hasNode(id, flow.definition, node);
    const number = `${TEST_PREFIX}${randomInt(1e9, 1e10)}`;
    this.#book.expect(number, { flow, node, values: variables, language: spoken });
    return number;
  }

  /** The plan, and before it the numbers of calls that are expected. */
  planWithTests(plan: DialPlan): DialPlan {
    return {
      resolve: (number, from) => {
        const test = from.station === null && number.startsWith(TEST_PREFIX) ? this.#book.expected(number) : undefined;
        if (test === undefined) return plan.resolve(number, from);
        return Promise.resolve({ kind: 'flow', flowId: number, language: test.language });
      },
      mayContinue: (number, from) => plan.mayContinue(number, from),
      pickUp: (number, station) => plan.pickUp(number, station),
      originOf: (number) => plan.originOf(number),
      callerFrom: (number, trunk) => plan.callerFrom(number, trunk),
    };
  }

  /** Who plays a prompt. */
  async usesOf(prompt: string): Promise<PromptUse[]> {
    const [flows, drafts, queues, announcements] = await Promise.all([
      this.#db.flows.list(),
      this.#db.flowDrafts.list(),
      this.#db.queues.list(),
      this.#db.announcements.list(),
    ]);
    const within = (definition: unknown): boolean => names(definition, prompt);
    const uses = <K extends PromptUse['kind']>(kind: K, rows: readonly { id: string; name: string }[]): PromptUse[] =>
      rows.map(({ id, name }) => ({ kind, id, name: name || id }));
    return [
      ...uses(
        'flow',
        flows.filter(({ definition }) => within(definition)),
      ),
      ...uses(
        'draft',
        drafts.filter(({ definition }) => within(definition)),
      ),
      ...uses(
        'queue',
        queues.filter(({ music }) => music === prompt),
      ),
      ...uses(
        'announcement',
        announcements.filter(({ prompts }) => prompts.includes(prompt)),
      ),
    ];
  }

  async #draft(id: string, language: Language) {
    const draft = await this.#db.flowDrafts.find(id);
    if (draft === null) throw new AppError('flow_draft_not_found', { id });
    const definition = held(id, await this.#book.validate(draft.definition, language, id));
    return { flowId: id, version: 0, definition };
  }
}

function held(id: string, check: FlowCheck): FlowDefinition {
  if (check.ok) return check.definition;
  const details: ErrorDetail[] = check.problems;
  throw new AppError('flow_invalid', { id }, { details });
}

function hasNode(id: string, { nodes }: FlowDefinition, node: string | undefined): void {
  if (node !== undefined && !Object.hasOwn(nodes, node)) throw new AppError('flow_node_not_found', { id, node });
}

/** Also in a draft that does not hold together. */
function names(definition: unknown, prompt: string): boolean {
  const nodes = (definition as { nodes?: unknown } | null)?.nodes;
  if (typeof nodes !== 'object' || nodes === null) return false;
  return Object.values(nodes as Record<string, unknown>).some((node) => {
    const kind = kindOf(String((node as { type?: unknown } | null)?.type));
    const shaped = kind?.schema.safeParse(node);
    return (
      shaped?.success === true &&
      (kind?.names?.(shaped.data) ?? []).some((one) => one.kind === 'prompt' && one.name === prompt)
    );
  });
}
