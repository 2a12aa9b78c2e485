// An IVR flow as it is stored, its drafts, versions, test runs and traces. What a node of each type has is in ivr/nodes, one file a
// type; GET /flow-nodes tells it as JSON Schema.
import { z } from 'zod';
import { ErrorDetail } from './errors.js';
import { formats } from './formats.js';
import { DisplayName, DurationMs, PhoneNumber, Slug, TimeMs, Ulid, type JsonValue } from './primitives.js';

export const NodeName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, formats.nodeName)
  .meta({ id: 'NodeName', description: 'Name of a node within its flow', example: 'welcome' });

export const VariableName = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_]{0,39}$/, formats.variableName)
  .meta({ id: 'VariableName', description: 'Name of a variable of a flow', example: 'account' });

export const VariableType = z
  .enum(['string', 'number', 'boolean', 'date', 'time', 'list', 'json'])
  .meta({ id: 'VariableType', description: 'list: of strings; date: 2026-11-22; time: 18:30:00' });
export type VariableType = z.infer<typeof VariableType>;

const VariableValue: z.ZodType<JsonValue, JsonValue> = z.json();

export const FlowVariable = z
  .strictObject({
    type: VariableType,
    initial: VariableValue.optional().meta({ description: 'Left out: empty, 0, false, or none' }),
    secret: z.boolean().optional().meta({ description: 'Stars in traces and logs, such as a PIN' }),
  })
  .meta({ id: 'FlowVariable' });
export type FlowVariable = z.infer<typeof FlowVariable>;

export const FlowNode = z
  .looseObject({ type: z.string().min(1).max(40) })
  .meta({ id: 'FlowNode', description: 'Its further fields depend on the type: GET /flow-nodes' });
export type FlowNode = z.infer<typeof FlowNode>;

/** Where a node stands in the drawing, and what people call it there; callers notice neither. */
export const FlowPlace = z
  .strictObject({
    x: z.int().min(-100_000).max(100_000),
    y: z.int().min(-100_000).max(100_000),
    title: z.string().trim().max(60).optional().meta({ description: 'What the node is called in the drawing' }),
  })
  .meta({ id: 'FlowPlace' });
export type FlowPlace = z.infer<typeof FlowPlace>;

export const FlowDefinition = z
  .strictObject({
    start: NodeName,
    nodes: z.record(NodeName, FlowNode),
    variables: z.record(VariableName, FlowVariable).optional(),
    parameters: z
      .array(VariableName)
      .max(20)
      .optional()
      .meta({ description: 'Variables that a flow which calls this one gives it' }),
    results: z
      .array(VariableName)
      .max(20)
      .optional()
      .meta({ description: 'Variables that a flow which calls this one may take' }),
    onError: NodeName.optional().meta({
      description: 'Where a caller goes on, after an apology, when a node breaks that has no way of its own for it',
    }),
    layout: z
      .record(NodeName, FlowPlace)
      .optional()
      .meta({ description: 'How it is drawn; nodes left out are placed by the page' }),
  })
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

export const FlowValidate = z
  .strictObject({ definition: AnyDefinition, id: Slug.optional().meta({ description: 'Of the flow it is to become' }) })
  .meta({ id: 'FlowValidate' });
export type FlowValidate = z.infer<typeof FlowValidate>;

export const FlowVerdict = z
  .strictObject({
    valid: z.boolean(),
    definition: FlowDefinition.nullable().meta({ description: 'With its defaults; null when it is not valid' }),
    problems: z.array(ErrorDetail),
    warnings: z.array(ErrorDetail).meta({ description: 'What does not keep it from going live' }),
  })
  .meta({ id: 'FlowVerdict' });
export type FlowVerdict = z.infer<typeof FlowVerdict>;

/** What is being worked on; need not be valid. */
export const FlowDraft = z
  .strictObject({
    id: Slug,
    name: DisplayName,
    definition: z.json().meta({ description: 'As it was written; it need not be valid' }),
    basedOn: z.int().min(0).meta({ description: 'The version in force when it was begun; 0: none' }),
    updatedAt: TimeMs,
    updatedBy: z.string(),
  })
  .meta({ id: 'FlowDraft' });
export type FlowDraft = z.infer<typeof FlowDraft>;

export const FlowWork = z
  .strictObject({ live: Flow.nullable(), draft: FlowDraft.nullable() })
  .meta({ id: 'FlowWork', description: 'What whoever works on a flow begins with' });
export type FlowWork = z.infer<typeof FlowWork>;

/** Drafts may be half done: what they hold is judged when they are to go live. */
export const FlowDraftPut = z
  .strictObject({
    name: DisplayName,
    definition: z.json(),
    expected: TimeMs.nullable().optional().meta({
      description: 'updatedAt of the draft that was read, null: there was none; another one there is not written over',
    }),
  })
  .meta({ id: 'FlowDraftPut', description: 'Need not be valid' });
export type FlowDraftPut = z.infer<typeof FlowDraftPut>;

export const FlowVersion = z
  .strictObject({
    flowId: Slug,
    version: z.int().min(1),
    name: DisplayName,
    definition: FlowDefinition,
    note: z.string().meta({ description: 'What changed' }),
    createdAt: TimeMs.meta({ description: 'When it went live' }),
    createdBy: z.string(),
  })
  .meta({ id: 'FlowVersion' });
export type FlowVersion = z.infer<typeof FlowVersion>;
export const FlowVersionSummary = FlowVersion.omit({ definition: true }).meta({ id: 'FlowVersionSummary' });
export type FlowVersionSummary = z.infer<typeof FlowVersionSummary>;

export const FlowPublish = z
  .strictObject({ note: z.string().max(200).default('') })
  .meta({ id: 'FlowPublish', description: 'What goes live, and why' });
export type FlowPublish = z.infer<typeof FlowPublish>;

export const FlowNodeKind = z
  .strictObject({
    type: z.string(),
    schema: z.record(z.string(), z.json()).meta({ description: 'JSON Schema of the node' }),
    available: z.boolean().meta({ description: 'false: the service that it needs is not there' }),
    waitsForCaller: z.boolean(),
  })
  .meta({ id: 'FlowNodeKind' });
export type FlowNodeKind = z.infer<typeof FlowNodeKind>;

/** One step of a caller through a flow. */
export const TraceStep = z
  .strictObject({
    flowId: Slug,
    version: z.int().min(0).meta({ description: '0: a draft' }),
    node: z.string(),
    type: z.string(),
    enteredAt: TimeMs,
    leftAt: TimeMs.nullable(),
    next: z.string().nullable().meta({ description: 'null: it ended here' }),
    why: z.string().meta({ description: 'What made it leave: key, timeout, error, …' }),
    detail: z.string().optional(),
    changed: z.record(z.string(), z.json()).optional().meta({ description: 'Variables; secret ones as stars' }),
    warnings: z.array(z.string()).optional(),
  })
  .meta({ id: 'TraceStep' });
export type TraceStep = z.infer<typeof TraceStep>;

export const FlowTrace = z
  .strictObject({
    id: Ulid,
    callId: Ulid,
    flowId: Slug,
    version: z.int().min(0).meta({ description: '0: a draft' }),
    startedAt: TimeMs,
    endedAt: TimeMs.nullable().meta({ description: 'null: he is in it' }),
    steps: z.array(TraceStep),
    dropped: z.int().min(0).meta({ description: 'Steps that were too many to be kept' }),
  })
  .meta({ id: 'FlowTrace' });
export type FlowTrace = z.infer<typeof FlowTrace>;

const StartVariables = z
  .record(VariableName, VariableValue)
  .optional()
  .meta({ description: 'Values that variables have when it begins' });

/** A real call of the simulator into a draft, or into what is live. */
export const FlowTestCall = z
  .strictObject({
    source: z.enum(['draft', 'live']).default('draft'),
    node: NodeName.optional().meta({ description: 'Where to begin; left out: at the start' }),
    variables: StartVariables,
    language: z.enum(['zh-CN', 'en']).optional(),
    callingNumber: PhoneNumber.optional(),
    digits: z
      .string()
      .regex(/^[0-9*#A-D,]{1,64}$/, formats.dialDigits)
      .optional()
      .meta({ description: 'Keys pressed after the answer; a comma is a pause of 500 ms' }),
    hangUpAfterMs: DurationMs.max(3_600_000).optional(),
  })
  .meta({ id: 'FlowTestCall' });
export type FlowTestCall = z.infer<typeof FlowTestCall>;

/** Nobody is called and nothing is asked of anybody: what the flow would do. */
export const FlowDryRun = z
  .strictObject({
    definition: AnyDefinition,
    node: NodeName.optional(),
    variables: StartVariables,
    language: z.enum(['zh-CN', 'en']).default('zh-CN'),
    callingNumber: PhoneNumber.optional(),
    keys: z
      .array(z.string().regex(/^[0-9*#]{0,32}$/, formats.dialDigits))
      .max(100)
      .default([])
      .meta({ description: 'What the caller presses, one entry a question; an empty one is silence' }),
    at: TimeMs.optional().meta({ description: 'When he calls; left out: now' }),
    outcomes: z
      .record(NodeName, z.string().max(40))
      .optional()
      .meta({ description: 'For nodes that ask others (http, sql, queue, …): by which field they are left' }),
  })
  .meta({ id: 'FlowDryRun' });
export type FlowDryRun = z.infer<typeof FlowDryRun>;

export const FlowDryRunResult = z
  .strictObject({
    steps: z.array(TraceStep),
    heard: z.array(z.string()).meta({ description: 'Prompts and texts, in order' }),
    ended: z.enum(['released', 'finished', 'tooLong']),
    cause: z.int().nullable(),
  })
  .meta({ id: 'FlowDryRunResult' });
export type FlowDryRunResult = z.infer<typeof FlowDryRunResult>;

export const Announcement = z
  .strictObject({
    id: Slug,
    name: z.string().max(80).meta({ description: 'What people call it; empty: nothing but its id' }),
    active: z.boolean(),
    prompts: z.array(z.string().regex(/^[a-z0-9][a-z0-9_-]{0,63}$/, formats.clipName)).max(20),
    until: TimeMs.nullable().meta({ description: 'Switched off by itself then; null: not' }),
    updatedAt: TimeMs,
    updatedBy: z.string(),
  })
  .meta({ id: 'Announcement', description: 'A temporary announcement that announce nodes play while it is on' });
export type Announcement = z.infer<typeof Announcement>;
export const AnnouncementPut = Announcement.omit({ id: true, updatedAt: true, updatedBy: true })
  .extend({ name: z.string().trim().max(80).optional().meta({ description: 'Left out: as it was' }) })
  .meta({ id: 'AnnouncementPut' });
export type AnnouncementPut = z.infer<typeof AnnouncementPut>;
