// An IVR flow as it is stored. The shape is here; what names what (next nodes, prompts, queues) is checked by ivr/.
import { z } from 'zod';
import { formats } from './formats.js';
import { Cause, ClipName, DisplayName, DurationMs, Slug, TimeMs } from './primitives.js';

export const NodeName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, formats.nodeName)
  .meta({ id: 'NodeName', description: 'Name of a node within its flow', example: 'welcome' });

const Prompts = z.array(ClipName).max(20);
const Digit = z.string().regex(/^[0-9*#]$/, formats.flowDigit);

export const PlayNode = z
  .strictObject({ type: z.literal('play'), prompts: Prompts.min(1), next: NodeName })
  .meta({ id: 'PlayNode' });
export const MenuNode = z
  .strictObject({
    type: z.literal('menu'),
    prompts: Prompts.min(1),
    choices: z.record(Digit, NodeName),
    timeoutMs: DurationMs.min(500).max(60_000).default(5000),
    retries: z.int().min(0).max(9).default(2),
    invalidPrompts: Prompts.optional(),
    timeout: NodeName,
    invalid: NodeName,
  })
  .meta({ id: 'MenuNode' });
export const CollectNode = z
  .strictObject({
    type: z.literal('collect'),
    prompts: Prompts.min(1),
    variable: z.string().regex(/^[A-Za-z][A-Za-z0-9_]{0,39}$/, formats.variableName),
    minDigits: z.int().min(1).max(32),
    maxDigits: z.int().min(1).max(32),
    terminator: Digit.default('#'),
    timeoutMs: DurationMs.min(500).max(60_000).default(5000),
    interDigitMs: DurationMs.min(500).max(60_000).default(3000),
    retries: z.int().min(0).max(9).default(1),
    next: NodeName,
    timeout: NodeName,
  })
  .meta({ id: 'CollectNode' });
export const QueueNode = z
  .strictObject({ type: z.literal('queue'), queue: Slug, overflow: NodeName.optional() })
  .meta({ id: 'QueueNode' });
export const HangupNode = z
  .strictObject({ type: z.literal('hangup'), cause: Cause.default(16) })
  .meta({ id: 'HangupNode' });

export const FlowNode = z
  .discriminatedUnion('type', [PlayNode, MenuNode, CollectNode, QueueNode, HangupNode])
  .meta({ id: 'FlowNode' });
export type FlowNode = z.infer<typeof FlowNode>;

export const FlowDefinition = z
  .strictObject({ start: NodeName, nodes: z.record(NodeName, FlowNode) })
  .meta({ id: 'FlowDefinition' });
/** With every default filled in. */
export type FlowDefinition = z.infer<typeof FlowDefinition>;
/** As people write it. */
export type FlowDefinitionInput = z.input<typeof FlowDefinition>;

export const Flow = z
  .strictObject({
    id: Slug,
    name: DisplayName,
    definition: FlowDefinition,
    version: z.int().min(1).meta({ description: 'Grows by one with every change' }),
    updatedAt: TimeMs,
  })
  .meta({ id: 'Flow' });
export type Flow = z.infer<typeof Flow>;

/** Checked by ivr/ rather than here, so that the sentence names the node and the field. */
const AnyDefinition = z.unknown().meta({ description: 'A FlowDefinition; see that schema' });
export const FlowPut = z.strictObject({ name: DisplayName, definition: AnyDefinition }).meta({ id: 'FlowPut' });
export type FlowPut = z.infer<typeof FlowPut>;

export const FlowValidate = z.strictObject({ definition: AnyDefinition }).meta({ id: 'FlowValidate' });
export type FlowValidate = z.infer<typeof FlowValidate>;
