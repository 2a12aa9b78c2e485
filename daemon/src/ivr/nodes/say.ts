// Says a value: a number, money, a date, a time, digits one by one, or an id of letters and digits.
import { z } from 'zod';
import { compute, go, playFiles, speakText } from '../flow-context.js';
import { Expr, NodeName, bargeIn, nodeKind, onError, targets } from '../node-kind.js';
import { sayable } from '../speech/say.js';
import { tokenFiles } from '../speech/token-files.js';

const schema = z.strictObject({
  type: z.literal('say'),
  as: z.enum(['number', 'money', 'date', 'time', 'digits', 'id']),
  value: Expr,
  currency: z.enum(['CNY', 'USD', 'EUR', 'GBP']).default('CNY'),
  ...bargeIn,
  next: NodeName,
  ...onError,
});
const WANTED = {
  number: 'number',
  money: 'number',
  date: 'date',
  time: 'time',
  digits: 'string',
  id: 'string',
} as const;

export const say = nodeKind<z.infer<typeof schema>>({
  type: 'say',
  schema,
  waits: false,
  targets: ({ next, error }) => targets({ next, error }),
  expressions: (node) => [{ field: 'value', source: node.value, wanted: WANTED[node.as] }],
  async run(node, context) {
    const { language } = context.session;
    const said = sayable(node.as, compute(node.value, context.variables), language, node.currency);
    const files = await tokenFiles(said.tokens, language, context.prompts);
    if (files !== undefined) await playFiles(context, files, { text: said.text }, node);
    else await speakText(context, said.text, node);
    return go(node.next, 'next', said.text);
  },
});
