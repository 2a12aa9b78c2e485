// Says of a flow whether callers can be let into it. Every complaint names the node and the field, and is a sentence
// that an administrator who draws flows understands.
import { z } from 'zod';
import { FlowDefinition, type ErrorDetail, type FlowNode, type Language } from '../contract/index.js';
import { flowSentence, flowTexts } from './flow-texts.js';

export type FlowCheck = { ok: true; definition: FlowDefinition } | { ok: false; problems: ErrorDetail[] };

/** What the flow refers to outside itself; what is left out is not checked. */
export interface FlowSurroundings {
  queues?: ReadonlySet<string> | undefined;
  /** sounds that are there in at least one language */
  prompts?: ReadonlySet<string> | undefined;
}

/** Checks shape, then references. Never throws: whatever was passed in comes back as a list of problems. */
export function validateFlow(definition: unknown, surroundings: FlowSurroundings, language: Language): FlowCheck {
  const locale = language === 'en' ? z.locales.en() : z.locales.zhCN();
  const parsed = FlowDefinition.safeParse(definition, { error: locale.localeError });
  if (!parsed.success)
    return { ok: false, problems: parsed.error.issues.map((issue) => shapeProblem(issue, language)) };
  const complaints = complaintsOf(parsed.data, surroundings, language);
  if (complaints.length === 0) return { ok: true, definition: parsed.data };
  const problems = complaints.map(({ path, text }) => ({
    path: path.join('.'),
    message: flowSentence(language, path, text),
  }));
  return { ok: false, problems };
}

/** Every field of a node that names another node, with that name. */
export function targetsOf(node: FlowNode): { field: string; target: string }[] {
  switch (node.type) {
    case 'play':
      return [{ field: 'next', target: node.next }];
    case 'menu':
      return [
        ...Object.entries(node.choices).map(([digit, target]) => ({ field: `choices.${digit}`, target })),
        { field: 'timeout', target: node.timeout },
        { field: 'invalid', target: node.invalid },
      ];
    case 'collect':
      return [
        { field: 'next', target: node.next },
        { field: 'timeout', target: node.timeout },
      ];
    case 'queue':
      return node.overflow === undefined ? [] : [{ field: 'overflow', target: node.overflow }];
    case 'hangup':
      return [];
  }
}

interface Complaint {
  path: string[];
  text: string;
}

function complaintsOf(flow: FlowDefinition, surroundings: FlowSurroundings, language: Language): Complaint[] {
  const texts = flowTexts(language);
  const complaints: Complaint[] = [];
  if (!Object.hasOwn(flow.nodes, flow.start)) complaints.push({ path: ['start'], text: texts.noStart(flow.start) });
  for (const [name, node] of Object.entries(flow.nodes)) {
    const complain = (field: string, text: string): void => {
      complaints.push({ path: ['nodes', name, field], text });
    };
    for (const { field, target } of targetsOf(node)) {
      if (!Object.hasOwn(flow.nodes, target)) complain(field, texts.noNode(target));
    }
    for (const { field, prompt } of promptsOf(node)) {
      if (surroundings.prompts?.has(prompt) === false) complain(field, texts.noPrompt(prompt));
    }
    if (node.type === 'queue' && surroundings.queues?.has(node.queue) === false)
      complain('queue', texts.noQueue(node.queue));
    if (node.type === 'menu' && Object.keys(node.choices).length === 0) complain('choices', texts.noChoices);
    if (node.type === 'collect' && node.minDigits > node.maxDigits) complain('minDigits', texts.minAboveMax);
  }
  return complaints;
}

function promptsOf(node: FlowNode): { field: string; prompt: string }[] {
  const found: { field: string; prompt: string }[] = [];
  if ('prompts' in node) for (const prompt of node.prompts) found.push({ field: 'prompts', prompt });
  if (node.type === 'menu')
    for (const prompt of node.invalidPrompts ?? []) found.push({ field: 'invalidPrompts', prompt });
  return found;
}

function shapeProblem(issue: z.core.$ZodIssue, language: Language): ErrorDetail {
  const texts = flowTexts(language);
  const path = issue.path.map(String);
  let text = issue.message.replace(/[.。]$/, '');
  if (issue.code === 'invalid_union' && path.at(-1) === 'type')
    text = texts.unknownType('play, menu, collect, queue, hangup');
  else if (issue.code === 'invalid_type' && text.endsWith('undefined')) text = texts.missing;
  return { path: path.join('.'), message: flowSentence(language, path, text) };
}
