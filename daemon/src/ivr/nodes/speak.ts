// Says a text with values in it by a voice: in each language its own, else the other's.
import { z } from 'zod';
import { filled, go, NodeFailure, speakText } from '../flow-context.js';
import { NodeName, Template, bargeIn, nodeKind, onError, targets } from '../node-kind.js';

const schema = z.strictObject({
  type: z.literal('speak'),
  texts: z.strictObject({ 'zh-CN': Template.optional(), en: Template.optional() }),
  ...bargeIn,
  next: NodeName,
  ...onError,
});

export const speakNode = nodeKind<z.infer<typeof schema>>({
  type: 'speak',
  schema,
  waits: false,
  needs: 'speaker',
  targets: ({ next, error }) => targets({ next, error }),
  templates: ({ texts }) =>
    Object.entries(texts).flatMap(([language, source]) =>
      source === undefined ? [] : [{ field: `texts.${language}`, source }],
    ),
  check({ texts }, complain) {
    if (texts.en === undefined && texts['zh-CN'] === undefined) complain('texts', 'noText');
  },
  async run({ texts, next, bargeIn }, context) {
    const { language } = context.session;
    const text = texts[language] ?? texts.en ?? texts['zh-CN'];
    if (text === undefined) throw new NodeFailure('there is no text');
    if (texts[language] === undefined) context.warn(`there is no text in ${language}`);
    await speakText(context, filled(text, context.variables), { bargeIn });
    return go(next);
  },
});
