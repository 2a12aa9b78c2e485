// A flow as the box would let it live, and a caller in it, without a database.
import type { FlowDefinition, FlowDefinitionInput, FlowTrace, JsonValue } from '../../daemon/src/contract/index.js';
import type { FlowPorts } from '../../daemon/src/ivr/flow-ports.js';
import { runFlow, type FlowAt } from '../../daemon/src/ivr/interpreter.js';
import type { PromptLibrary } from '../../daemon/src/ivr/prompt-library.js';
import { Trace } from '../../daemon/src/ivr/trace.js';
import { validateFlow } from '../../daemon/src/ivr/validate-flow.js';
import { silentLog } from '../../daemon/src/platform/index.js';
import { Caller } from './caller.js';

/** With every default; throws with the problems of one that does not hold together. */
export function flowOf(definition: FlowDefinitionInput): FlowDefinition {
  const check = validateFlow(definition, {}, 'en');
  if (!check.ok) throw new Error(check.problems.map(({ message }) => message).join(' '));
  return check.definition;
}

/** Prompts whose files need not be looked for: the clock stands still while a disk is asked. Those of `foreign` are of another language. */
export function library(names: readonly string[], foreign: readonly string[] = []): Pick<PromptLibrary, 'findAll'> {
  const there = [...names, ...foreign];
  return {
    findAll: (asked) =>
      Promise.resolve({
        files: asked.filter((name) => there.includes(name)).map((name) => `/prompts/${name}.wav`),
        missing: asked.filter((name) => !there.includes(name)),
        foreign: asked.filter((name) => foreign.includes(name)),
      }),
  };
}

export interface EnterOptions {
  caller?: Caller;
  ports?: FlowPorts;
  flows?: Record<string, FlowDefinitionInput>;
  prompts?: readonly string[];
  foreign?: readonly string[];
  values?: Record<string, JsonValue>;
  /** also one that would be refused */
  unchecked?: boolean;
}

export interface Entered {
  caller: Caller;
  done: Promise<void>;
  pass: (ms: number) => Promise<void>;
  trace: () => FlowTrace;
  /** "node:why" of every step */
  way: () => string[];
}

const SPEAKER: FlowPorts = { speaker: { speak: (text) => Promise.resolve(`/speech/${text}.wav`) } };

export function enterFlow(definition: FlowDefinitionInput, options: EnterOptions = {}): Entered {
  const caller = options.caller ?? new Caller();
  const at = (flowId: string, input: FlowDefinitionInput): FlowAt => ({
    flowId,
    version: 1,
    definition: flowOf(input),
  });
  const flows = new Map(Object.entries(options.flows ?? {}).map(([id, input]) => [id, at(id, input)]));
  const flow =
    options.unchecked === true
      ? { flowId: 'main', version: 1, definition: definition as FlowDefinition }
      : at('main', definition);
  const trace = new Trace({ id: 'T', callId: 'CALL', flowId: 'main', version: 1, startedAt: 0 });
  const done = runFlow({
    ...{ flow, flows, trace, session: caller, clock: caller.clock, log: silentLog, values: options.values },
    ports: { ...SPEAKER, ...options.ports },
    prompts: library(options.prompts ?? ['a', 'b', 'wrong', 'technical-fault'], options.foreign),
  }).then(
    () => undefined,
    (error: unknown) => {
      if (!caller.signal.aborted) throw error;
    },
  );
  return {
    ...{ caller, done },
    pass: (ms) => caller.clock.advance(ms),
    trace: () => trace.view,
    way: () => trace.view.steps.map(({ node, why }) => `${node}:${why}`),
  };
}
