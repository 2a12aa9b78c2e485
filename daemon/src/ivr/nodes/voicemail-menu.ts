// Lets a caller listen to the messages of a box, whose PIN he knows.
import { z } from 'zod';
import { Slug } from '../../contract/index.js';
import { NodeFailure, go } from '../flow-context.js';
import { NodeName, nodeKind, onError, targets } from '../node-kind.js';

const schema = z.strictObject({
  type: z.literal('voicemailMenu'),
  box: Slug.optional().meta({ description: 'Left out: he is asked for its number' }),
  next: NodeName,
  refused: NodeName.optional().meta({ description: 'He did not know the PIN; left out: as next' }),
  ...onError,
});

export const voicemailMenu = nodeKind<z.infer<typeof schema>>({
  type: 'voicemailMenu',
  schema,
  waits: true,
  asks: true,
  needs: 'voicemailMenu',
  targets: ({ next, refused, error }) => targets({ next, refused, error }),
  names: ({ box }) => (box === undefined ? [] : [{ field: 'box', kind: 'voicemail', name: box }]),
  async run({ box, next, refused = next }, { ports, session }) {
    const { voicemailMenu: port } = ports;
    if (port === undefined) throw new NodeFailure('there is no voicemail');
    const entered = await (box === undefined ? port.open(session) : port.withPin(session, box));
    return entered ? go(next, 'heard') : go(refused, 'refused');
  },
});
