// What a type of node is: its shape, what it names, and what it does. One file a type in nodes/, one line in nodes/index.ts.
import { z } from 'zod';
import { ClipName, NodeName, VariableName, formats, type VariableType } from '../contract/index.js';
import type { FlowContext, Step } from './flow-context.js';
import type { PortName } from './flow-ports.js';
import type { ComplaintCode } from './flow-texts.js';

/** Things outside the flow that nodes name. */
export type NamedKind =
  | 'prompt'
  | 'queue'
  | 'flow'
  | 'calendar'
  | 'dataSource'
  | 'agent'
  | 'rota'
  | 'announcement'
  | 'voicemail'
  | 'conference'
  | 'survey'
  | 'faxReceive'
  | 'faxSend';

/** A place in a node: `choices.1`. */
interface At {
  field: string;
}
export interface Target extends At {
  target: string;
}
export interface Named extends At {
  kind: NamedKind;
  name: string;
}
export interface ExpressionUse extends At {
  source: string;
  wanted?: VariableType | undefined;
  /** values that are there in this place besides the variables */
  also?: Readonly<Record<string, VariableType>> | undefined;
}
export type TemplateUse = Omit<ExpressionUse, 'wanted'>;
export interface Assignment extends At {
  variable: string;
  /** what is put into it; left out: what is computed by the expression of the same field */
  type?: VariableType | undefined;
}

export interface NodeKind<N extends { type: string } = { type: string }> {
  readonly type: N['type'];
  readonly schema: z.ZodType<N>;
  /** It waits for the caller or for other people: who comes round to it again is no endless loop. */
  readonly waits: boolean;
  /** It asks somebody else, which a dry run does not. */
  readonly asks?: boolean;
  readonly needs?: PortName | ((node: N) => PortName | undefined);
  /** Every field that names a node. */
  targets(node: N): Target[];
  names?(node: N): Named[];
  expressions?(node: N): ExpressionUse[];
  templates?(node: N): TemplateUse[];
  assigns?(node: N): Assignment[];
  /** What no other list says. */
  check?(node: N, complain: (field: string, code: ComplaintCode, params?: Record<string, string>) => void): void;
  /** Throws a NodeFailure when it cannot be done: the caller goes on at `error`. */
  run(node: N, context: FlowContext): Promise<Step> | Step;
}

/** Checks that the parts fit together; the registry knows the type as `{ type: string }`. */
export function nodeKind<N extends { type: string }>(kind: NodeKind<N>): NodeKind {
  return kind as unknown as NodeKind;
}

export const Prompts = z.array(ClipName).max(20);
export const Digit = z.string().regex(/^[0-9*#]$/, formats.flowDigit);
export const Expr = z.string().min(1).max(2000).meta({ description: 'An expression' });
export const Template = z.string().min(1).max(2000).meta({ description: 'A text; {expression} is filled in' });
export const Ms = (least: number, most: number, fallback: number) => z.int().min(least).max(most).default(fallback);
/** Where the caller goes on when the node breaks; left out: the flow's onError. */
export const onError = { error: NodeName.optional() };
/** Nodes that say something may go on where they do it. */
export const bargeIn = {
  bargeIn: z.boolean().optional().meta({ description: 'A key cuts it short; left out: yes' }),
};
export { NodeName, VariableName };

/** The targets of optional fields that are there. */
export function targets(fields: Record<string, string | undefined>): Target[] {
  return Object.entries(fields).flatMap(([field, target]) => (target === undefined ? [] : [{ field, target }]));
}
export const promptsAt = (field: string, names: readonly string[] | undefined): Named[] =>
  (names ?? []).map((name) => ({ field, kind: 'prompt', name }));
