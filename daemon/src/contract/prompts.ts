// Prompts: what callers hear, by name and language.
import { z } from 'zod';
import { ClipName, DurationMs, Language, Slug, TimeMs } from './primitives.js';

export const PromptSource = z.enum(['bundled', 'upload', 'speech', 'telephone']).meta({ id: 'PromptSource' });
export type PromptSource = z.infer<typeof PromptSource>;

export const Prompt = z
  .strictObject({
    name: ClipName,
    label: z.string().meta({ description: 'What people call it; empty: nothing but its name' }),
    language: Language,
    own: z.boolean().meta({ description: "The box's own; false: bundled" }),
    source: PromptSource,
    text: z.string().meta({ description: 'What it says, where that is known' }),
    durationMs: DurationMs,
    bytes: z.int().min(0),
    updatedAt: TimeMs,
    updatedBy: z.string(),
  })
  .meta({ id: 'Prompt' });
export type Prompt = z.infer<typeof Prompt>;

/** The sound of one name in every language that has it. */
export const NamedPrompt = z
  .strictObject({ name: ClipName, label: z.string(), in: z.array(Prompt) })
  .meta({ id: 'NamedPrompt' });
export type NamedPrompt = z.infer<typeof NamedPrompt>;

export const PromptSearch = z.strictObject({
  show: z.enum(['own', 'all', 'missing']).default('all').meta({ description: 'missing: not in every language' }),
  search: z.string().trim().max(100).default('').meta({ description: 'Within name, label and text' }),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(200).default(100),
});
export type PromptSearch = z.infer<typeof PromptSearch>;

export const PromptPage = z
  .strictObject({ prompts: z.array(NamedPrompt), total: z.int().min(0) })
  .meta({ id: 'PromptPage', description: "The box's own first, then by name" });
export type PromptPage = z.infer<typeof PromptPage>;

export const PromptLabel = z
  .strictObject({ label: z.string().trim().max(80).meta({ description: 'Empty: none any more' }) })
  .meta({ id: 'PromptLabel' });
export type PromptLabel = z.infer<typeof PromptLabel>;

export const PromptSpeech = z
  .strictObject({ text: z.string().min(1).max(1000) })
  .meta({ id: 'PromptSpeech', description: 'A text that is spoken' });
export type PromptSpeech = z.infer<typeof PromptSpeech>;

export const PromptUse = z
  .strictObject({ kind: z.enum(['flow', 'draft', 'queue', 'announcement']), id: Slug, name: z.string() })
  .meta({ id: 'PromptUse' });
export type PromptUse = z.infer<typeof PromptUse>;
