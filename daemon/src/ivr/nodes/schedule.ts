// Goes one way while a calendar says open, the other while it says closed.
import { z } from 'zod';
import { Slug } from '../../contract/index.js';
import { text } from '../expressions/index.js';
import { NodeFailure, go } from '../flow-context.js';
import { NodeName, VariableName, nodeKind, onError, targets } from '../node-kind.js';

const schema = z.strictObject({
  type: z.literal('schedule'),
  calendar: Slug,
  open: NodeName,
  closed: NodeName,
  reasonVariable: VariableName.optional().meta({ description: 'Is given which rule said so' }),
  ...onError,
});

export const schedule = nodeKind<z.infer<typeof schema>>({
  type: 'schedule',
  schema,
  waits: false,
  asks: true,
  needs: 'calendars',
  targets: ({ open, closed, error }) => targets({ open, closed, error }),
  names: ({ calendar }) => [{ field: 'calendar', kind: 'calendar', name: calendar }],
  assigns: ({ reasonVariable }) =>
    reasonVariable === undefined ? [] : [{ field: 'reasonVariable', variable: reasonVariable, type: 'string' }],
  async run(node, { ports, variables }) {
    if (ports.calendars === undefined) throw new NodeFailure('there are no calendars');
    const { open, reason } = await ports.calendars.isOpen(node.calendar, variables.now().atMs);
    if (node.reasonVariable !== undefined) variables.set(node.reasonVariable, text(reason));
    return go(open ? node.open : node.closed, open ? 'open' : 'closed', reason);
  },
});
