// Begins, stops, pauses or goes on with the recording of the call: what is said in a pause (a card number, a PIN) is nowhere.
import { z } from 'zod';
import { RecordingAction } from '../../contract/index.js';
import { isAppError } from '../../platform/index.js';
import { go } from '../flow-context.js';
import { NodeName, nodeKind, onError, targets } from '../node-kind.js';

const schema = z.strictObject({
  type: z.literal('recording'),
  action: RecordingAction,
  next: NodeName,
  ...onError,
});

export const recording = nodeKind<z.infer<typeof schema>>({
  type: 'recording',
  schema,
  waits: false,
  targets: ({ next, error }) => targets({ next, error }),
  async run({ action, next }, { session, warn }) {
    try {
      await session.record(action);
    } catch (error) {
      // It is as it was to become, or there is none: nothing is written down that should not be.
      if (!isAppError(error) || error.code !== 'recording_wrong_state') throw error;
      warn(`the recording does not ${action} in its state`);
    }
    return go(next, 'next', action);
  },
});
