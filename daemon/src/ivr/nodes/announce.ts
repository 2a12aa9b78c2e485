// Plays a temporary announcement while somebody has it switched on.
import { z } from 'zod';
import { Slug } from '../../contract/index.js';
import { go, speak } from '../flow-context.js';
import { NodeName, bargeIn, nodeKind, targets } from '../node-kind.js';

const schema = z.strictObject({
  type: z.literal('announce'),
  announcement: Slug,
  ...bargeIn,
  next: NodeName,
  active: NodeName.optional().meta({ description: 'Where who has heard it goes on; left out: as the others' }),
  error: NodeName.optional(),
});

export const announce = nodeKind<z.infer<typeof schema>>({
  type: 'announce',
  schema,
  waits: false,
  needs: 'announcements',
  targets: ({ next, active, error }) => targets({ next, active, error }),
  names: ({ announcement }) => [{ field: 'announcement', kind: 'announcement', name: announcement }],
  async run(node, context) {
    const prompts = context.ports.announcements?.playing(node.announcement);
    if (prompts === undefined) return go(node.next, 'off');
    await speak(context, prompts, node);
    return go(node.active ?? node.next, 'on');
  },
});
