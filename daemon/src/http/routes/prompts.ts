// The library of prompts.
import { z } from 'zod';
import {
  ClipName,
  Language,
  NamedPrompt,
  Prompt,
  PromptLabel,
  PromptPage,
  PromptSearch,
  PromptSpeech,
  PromptUse,
} from '../../contract/index.js';
import { AppError } from '../../platform/index.js';
import type { HttpContext } from '../context.js';
import { route, type Route } from '../route.js';
import { wavFile } from '../stream.js';

const ByName = z.strictObject({ language: Language, name: ClipName });
const UPLOAD_BYTES = 20 * 1024 * 1024;

export function promptRoutes({ log, ports }: HttpContext): Route[] {
  const { prompts, flows } = ports;
  return [
    route({
      method: 'get',
      path: '/prompts',
      summary: 'All prompts, bundled ones and the own ones that stand for them',
      tag: 'Prompts',
      needs: 'prompts.view',
      reply: z.array(Prompt),
      handle: () => prompts.list(),
    }),
    route({
      method: 'get',
      path: '/prompt-names',
      summary: 'Prompts by name, page by page',
      tag: 'Prompts',
      needs: 'prompts.view',
      query: PromptSearch,
      reply: PromptPage,
      handle: ({ query }) => prompts.search(query),
    }),
    route({
      method: 'put',
      path: '/prompt-names/:name',
      summary: 'Say what people call a prompt; flows know it by its name, which stays',
      tag: 'Prompts',
      needs: 'prompts.edit',
      params: z.strictObject({ name: ClipName }),
      body: PromptLabel,
      reply: NamedPrompt,
      errors: ['prompt_not_found'],
      async handle({ params: { name }, body: { label }, identity }) {
        const named = await prompts.call(name, label);
        log.info({ prompt: name, label, by: identity.user.username }, 'prompt called something else');
        return named;
      },
    }),
    route({
      method: 'get',
      path: '/prompts/:language/:name/audio',
      summary: 'The sound of a prompt',
      tag: 'Prompts',
      needs: 'prompts.view',
      params: ByName,
      replyType: 'audio/wav',
      errors: ['prompt_not_found'],
      async handle({ params: { language, name } }) {
        return wavFile(await prompts.file(name, language));
      },
    }),
    route({
      method: 'get',
      path: '/prompts/:language/:name/uses',
      summary: 'Who plays a prompt',
      tag: 'Prompts',
      needs: 'prompts.view',
      params: ByName,
      reply: z.array(PromptUse),
      handle: ({ params: { name } }) => flows.usesOf(name),
    }),
    route({
      method: 'put',
      path: '/prompts/:language/:name',
      summary: 'Upload a prompt in any common audio format; it stands for the bundled one of its name',
      tag: 'Prompts',
      needs: 'prompts.edit',
      params: ByName,
      upload: { limitBytes: UPLOAD_BYTES },
      reply: Prompt,
      errors: ['prompt_invalid', 'body_too_large', 'unavailable'],
      handle: ({ params: { language, name }, file, identity }) =>
        prompts.upload(name, language, file, identity.user.username),
    }),
    route({
      method: 'post',
      path: '/prompts/:language/:name/speech',
      summary: 'Make a prompt of a text',
      tag: 'Prompts',
      needs: 'prompts.edit',
      params: ByName,
      body: PromptSpeech,
      reply: Prompt,
      errors: ['prompt_invalid', 'unavailable'],
      handle: ({ params: { language, name }, body, identity }) =>
        prompts.speak(name, language, body.text, identity.user.username),
    }),
    route({
      method: 'delete',
      path: '/prompts/:language/:name',
      summary: "Remove one of the box's own prompts that nobody would miss",
      tag: 'Prompts',
      needs: 'prompts.edit',
      params: ByName,
      errors: ['prompt_not_found', 'prompt_in_use'],
      async handle({ params: { language, name }, identity }) {
        if (await prompts.lastOf(name, language)) {
          const [use] = await flows.usesOf(name);
          if (use !== undefined) throw new AppError('prompt_in_use', { name, user: use.id });
        }
        await prompts.remove(name, language);
        log.info({ prompt: name, language, by: identity.user.username }, 'prompt removed');
      },
    }),
  ];
}
