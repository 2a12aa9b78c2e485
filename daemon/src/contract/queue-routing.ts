// How a queue chooses: what a waiting call asks for, what agents are for the queue, and what is done while nobody answers.
import { z } from 'zod';
import { AgentNumber, ClipName, DurationMs, Slug } from './primitives.js';

/** ring_all rings every free agent for one call; the others ring one, chosen by what the name says. */
export const QueueStrategy = z
  .enum([
    'longest_idle',
    'round_robin',
    'fewest_calls',
    'least_talk',
    'skill_level',
    'ring_all',
    'linear',
    'random',
    'weighted',
  ])
  .meta({ id: 'QueueStrategy' });
export type QueueStrategy = z.infer<typeof QueueStrategy>;

export const SkillLevel = z.int().min(1).max(10).meta({ id: 'SkillLevel', description: '1 (lowest) to 10' });

export const RequiredSkill = z.strictObject({ skill: Slug, minLevel: SkillLevel }).meta({ id: 'RequiredSkill' });
export type RequiredSkill = z.infer<typeof RequiredSkill>;

const afterMs = DurationMs.max(14_400_000).meta({ description: 'After so long a wait' });
const skill = Slug.nullable().meta({ description: 'null: every skill' });

/** What is asked of an agent becomes less while a caller waits; steps add up, and never ask for more. */
export const RelaxStep = z
  .discriminatedUnion('action', [
    z.strictObject({ afterMs, action: z.literal('lower'), skill, by: z.int().min(1).max(9) }),
    z.strictObject({ afterMs, action: z.literal('drop'), skill }),
    z.strictObject({ afterMs, action: z.literal('widen'), queueId: Slug }),
    z.strictObject({ afterMs, action: z.literal('anyRegion') }),
    z.strictObject({ afterMs, action: z.literal('anyCustomerLevel') }),
  ])
  .meta({ id: 'RelaxStep', description: "lower or drop a skill, widen to another queue's agents, forget a rule" });
export type RelaxStep = z.infer<typeof RelaxStep>;

/** require: only agents who serve it; prefer: those first; off: it means nothing */
export const AttributeRule = z.enum(['off', 'prefer', 'require']).meta({ id: 'AttributeRule' });
export type AttributeRule = z.infer<typeof AttributeRule>;

export const Priority = z.int().min(0).max(9).meta({ id: 'Priority', description: '0 (lowest) to 9' });

/** A region or a customer's level, as data and lists name them. */
export const RoutingAttribute = z
  .string()
  .min(1)
  .max(60)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u)
  .meta({ id: 'RoutingAttribute' });

export const QueueRouting = z
  .strictObject({
    priority: Priority.default(5).meta({ description: 'Of calls that bring none of their own' }),
    ageingPerS: z
      .number()
      .min(0)
      .max(10)
      .default(0)
      .meta({ description: 'Points of priority for a second of waiting' }),
    weight: z.int().min(1).max(100).default(1).meta({
      description: "Of an agent's several queues: waiting here counts so many times",
    }),
    vip: z.enum(['off', 'boost', 'first']).default('first').meta({
      description: 'first: before everybody; boost: with 10 points more, which ageing may catch up with',
    }),
    skills: z.array(RequiredSkill).max(20).default([]).meta({ description: 'Asked for by every call of the queue' }),
    relax: z.array(RelaxStep).max(20).default([]),
    region: AttributeRule.default('off'),
    customerLevel: AttributeRule.default('off'),
    lastAgentWaitMs: DurationMs.max(3_600_000).nullable().default(null).meta({
      description: 'The agent whom the caller had last is waited for so long; null: he is not looked for',
    }),
    lastAgentDays: z.int().min(1).max(3650).default(30).meta({ description: 'How far back is looked' }),
    ringAllMost: z.int().min(1).max(50).default(20).meta({ description: 'ring_all: telephones at once' }),
  })
  .meta({ id: 'QueueRouting' });
export type QueueRouting = z.infer<typeof QueueRouting>;

/** Where a caller goes who leaves a queue unserved. flow: on in the flow that has brought him. */
export const QueueTarget = z
  .discriminatedUnion('to', [
    z.strictObject({ to: z.literal('flow'), node: z.string().min(1).max(40).nullable().default(null) }),
    z.strictObject({ to: z.literal('queue'), queueId: Slug }),
    z.strictObject({ to: z.literal('voicemail'), box: z.string().regex(/^[a-z0-9-]{1,40}$/) }),
    z.strictObject({ to: z.literal('callback') }),
    z.strictObject({ to: z.literal('hangUp') }),
  ])
  .meta({ id: 'QueueTarget' });
export type QueueTarget = z.infer<typeof QueueTarget>;

export const NoAnswerRule = z
  .strictObject({
    action: z.enum(['notReady', 'stayReady']).default('notReady'),
    misses: z.int().min(1).max(20).default(1).meta({ description: 'notReady: after so many in a row' }),
    restMs: DurationMs.max(600_000)
      .default(5000)
      .meta({ description: 'An agent who stays ready is left alone so long' }),
  })
  .meta({ id: 'NoAnswerRule' });
export type NoAnswerRule = z.infer<typeof NoAnswerRule>;

const every = DurationMs.min(5000).max(3_600_000);
const announcement = z.strictObject({ firstAfterMs: DurationMs.max(3_600_000), everyMs: every }).nullable();

export const QueueAnnouncements = z
  .strictObject({
    position: announcement.default(null).meta({ description: "The caller's place in the queue" }),
    estimate: announcement.default(null).meta({ description: 'How long he will wait; nothing while it is not known' }),
    comfort: z
      .strictObject({
        firstAfterMs: DurationMs.max(3_600_000),
        everyMs: every,
        prompts: z.array(ClipName).min(1).max(10),
      })
      .nullable()
      .default(null)
      .meta({ description: 'Said in turn' }),
    agentNumber: z.boolean().default(false).meta({ description: 'The caller is told who serves him' }),
    whisper: ClipName.nullable().default(null).meta({ description: 'Told to the agent before he hears the caller' }),
  })
  .meta({ id: 'QueueAnnouncements' });
export type QueueAnnouncements = z.infer<typeof QueueAnnouncements>;

export const QueueExit = z
  .strictObject({ key: z.string().regex(/^[0-9*#]$/), target: QueueTarget })
  .meta({ id: 'QueueExit', description: 'A key by which the caller leaves the queue' });
export type QueueExit = z.infer<typeof QueueExit>;

/** An agent in a queue. */
export const QueueMember = z
  .strictObject({
    agentId: AgentNumber,
    queueId: Slug,
    position: z.int().min(0).max(9999).meta({ description: 'His place for linear and round_robin' }),
    penalty: z.int().min(0).max(99).meta({ description: 'Agents with less are rung first, whatever the strategy' }),
    weight: z.int().min(1).max(100).meta({ description: 'weighted: his share of the calls' }),
  })
  .meta({ id: 'QueueMember' });
export type QueueMember = z.infer<typeof QueueMember>;

export const QueueMemberPut = QueueMember.omit({ queueId: true })
  .extend({
    position: QueueMember.shape.position.default(0),
    penalty: QueueMember.shape.penalty.default(0),
    weight: QueueMember.shape.weight.default(1),
  })
  .meta({ id: 'QueueMemberPut' });

export const AgentSkill = z.strictObject({ skill: Slug, level: SkillLevel }).meta({ id: 'AgentSkill' });
export type AgentSkill = z.infer<typeof AgentSkill>;

/** What an agent can do and whom he serves; with no region (no level) he serves all. */
export const AgentAbilities = z
  .strictObject({
    skills: z
      .array(AgentSkill)
      .max(100)
      .refine((all) => new Set(all.map(({ skill: name }) => name)).size === all.length),
    regions: z.array(RoutingAttribute).max(100),
    customerLevels: z.array(RoutingAttribute).max(100),
  })
  .meta({ id: 'AgentAbilities' });
export type AgentAbilities = z.infer<typeof AgentAbilities>;

/** What a call asks for when it comes into a queue. */
export const QueueEntry = z
  .strictObject({
    priority: Priority.nullable().default(null).meta({ description: "null: the queue's" }),
    vip: z.boolean().default(false),
    skills: z.array(RequiredSkill).max(20).default([]),
    preferredAgent: z
      .strictObject({ agentId: z.union([AgentNumber, z.literal('last')]), waitMs: DurationMs.max(3_600_000) })
      .nullable()
      .default(null)
      .meta({
        description: 'He (last: who had the caller last) is waited for so long, and comes before the others after that',
      }),
    region: RoutingAttribute.nullable().default(null),
    customerLevel: RoutingAttribute.nullable().default(null),
  })
  .meta({ id: 'QueueEntry' });
export type QueueEntry = z.infer<typeof QueueEntry>;
