// Prompts: what callers hear, by name and language.
import { z } from 'zod';
import { ClipName, DurationMs, Language, Slug, TimeMs } from './primitives.js';

export const PromptSource = z.enum(['bundled', 'upload', 'speech', 'telephone']).meta({ id: 'PromptSource' });
export type PromptSource = z.infer<typeof PromptSource>;

export const Prompt = z
  .strictObject({
    name: ClipName,
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

export const PromptSpeech = z
  .strictObject({ text: z.string().min(1).max(1000) })
  .meta({ id: 'PromptSpeech', description: 'A text that is spoken' });
export type PromptSpeech = z.infer<typeof PromptSpeech>;

export const PromptUse = z
  .strictObject({ kind: z.enum(['flow', 'draft', 'queue', 'announcement']), id: Slug })
  .meta({ id: 'PromptUse' });
export type PromptUse = z.infer<typeof PromptUse>;
