// Goes one way while a calendar says open, the other while it says closed.
import { z } from 'zod';
import { Slug } from '../../contract/index.js';
import { number, text } from '../expressions/index.js';
import { NodeFailure, go } from '../flow-context.js';
import { NodeName, VariableName, nodeKind, onError, targets } from '../node-kind.js';

const schema = z.strictObject({
  type: z.literal('schedule'),
  calendar: Slug,
  open: NodeName,
  closed: NodeName,
  reasonVariable: VariableName.optional().meta({ description: 'Is given which rule said so' }),
  untilVariable: VariableName.optional().meta({ description: 'Is given when that changes, ms UTC; 0: nobody knows' }),
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
  assigns: ({ reasonVariable, untilVariable }) => [
    ...(reasonVariable === undefined
      ? []
      : [{ field: 'reasonVariable', variable: reasonVariable, type: 'string' as const }]),
    ...(untilVariable === undefined
      ? []
      : [{ field: 'untilVariable', variable: untilVariable, type: 'number' as const }]),
  ],
  async run(node, { ports, variables }) {
    if (ports.calendars === undefined) throw new NodeFailure('there are no calendars');
    const { open, reason, until } = await ports.calendars.isOpen(node.calendar, variables.now().atMs);
    if (node.reasonVariable !== undefined) variables.set(node.reasonVariable, text(reason));
    if (node.untilVariable !== undefined) variables.set(node.untilVariable, number(until ?? 0));
    return go(open ? node.open : node.closed, open ? 'open' : 'closed', reason);
  },
});
