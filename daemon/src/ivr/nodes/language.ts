// From here on the caller is spoken to in this language.
import { z } from 'zod';
import { Language } from '../../contract/index.js';
import { go } from '../flow-context.js';
import { NodeName, nodeKind, targets } from '../node-kind.js';

const schema = z.strictObject({ type: z.literal('language'), language: Language, next: NodeName });

export const language = nodeKind<z.infer<typeof schema>>({
  type: 'language',
  schema,
  waits: false,
  targets: ({ next }) => targets({ next }),
  run(node, { session }) {
    session.setLanguage(node.language);
    return go(node.next, 'next', node.language);
  },
});
