// Programs that lead a caller as a flow does, but that nobody has drawn: voicemail, prompts and announcements by telephone. Their names
// begin with a star, which no flow's does: `*program` or `*program/argument`.
import type { FlowDefinition } from '../contract/index.js';
import type { FlowRunner, FlowSession, PreparedFlow } from './flow-session.js';

export type ServiceProgram = (session: FlowSession, argument: string) => Promise<unknown>;

/** The name of a program, as a dial plan answers with it. */
export const serviceFlow = (program: string, argument = ''): string =>
  argument === '' ? `*${program}` : `*${program}/${argument}`;

export class ServiceFlows implements FlowRunner {
  readonly #drawn: FlowRunner;
  readonly #programs = new Map<string, ServiceProgram>();

  constructor(drawn: FlowRunner) {
    this.#drawn = drawn;
  }

  add(program: string, work: ServiceProgram): void {
    this.#programs.set(program, work);
  }

  prepare(flowId: string): PreparedFlow | undefined {
    if (!flowId.startsWith('*')) return this.#drawn.prepare(flowId);
    const end = flowId.indexOf('/');
    const work = this.#programs.get(flowId.slice(1, end < 0 ? undefined : end));
    return work === undefined
      ? undefined
      : programFlow((session) => work(session, end < 0 ? '' : flowId.slice(end + 1)));
  }

  inline(definition: FlowDefinition): PreparedFlow {
    if (this.#drawn.inline === undefined) throw new Error('there are no flows without a name');
    return this.#drawn.inline(definition);
  }
}

export function programFlow(work: (session: FlowSession) => Promise<unknown>): PreparedFlow {
  return { flowId: null, version: 0, run: (session) => work(session).then(() => undefined) };
}
