// What of a call is recorded: one leg, what it says and what it hears. When the recorded party leaves and the call goes on,
// the one who stays is recorded from then on, as another part.
import { errorText } from '../platform/index.js';
import type { CallContext } from './call-context.js';
import type { Leg } from './leg.js';
import type { LiveCall } from './live-call.js';

/** A caller hears nothing while his call's row is not on the disk; longer than this he had better call again. */
const COMMIT_LIMIT_MS = 4000;

/** Rows on the disk, then recording under way. Rejects when the rows cannot be written; a recording that fails is no reason. */
export async function recordFromStart(call: LiveCall, context: CallContext): Promise<void> {
  const row = context.recorder.plan(call.id, call.row.startedAt, (call.recordingParts += 1));
  call.record.addRecording(row);
  await context.writer.commit(call.record, COMMIT_LIMIT_MS);
  if (call.ending === undefined) await start(call, context, row, call.leg);
}

/** Records a leg from now on, unless it is recorded. Never rejects: the call goes on, and its rows are written when they can be. */
export async function recordFurther(call: LiveCall, context: CallContext, leg: Leg): Promise<void> {
  if (call.recordings.some((recording) => recording.leg === leg)) return;
  const { recorder, clock, writer } = context;
  const row = recorder.plan(call.id, clock.wallMs(), (call.recordingParts += 1));
  call.record.addRecording(row);
  await writer
    .commit(call.record, COMMIT_LIMIT_MS)
    .catch((error: unknown) =>
      call.log.error({ err: error }, `a recording begins without its row: ${errorText(error)}`),
    );
  if (call.ending === undefined) await start(call, context, row, leg);
}

/** Ends the recording of a leg that goes over to another call. */
export function stopRecording(call: LiveCall, leg: Leg): void {
  for (const recording of call.recordings) if (recording.leg === leg) recording.stop();
}

type Row = ReturnType<CallContext['recorder']['plan']>;

async function start(call: LiveCall, { recorder }: CallContext, row: Row, leg: Leg): Promise<void> {
  const recording = await recorder.start(row, leg.port);
  if (recording === undefined) return;
  const segment = call.segment('recording', { recordingId: row.id });
  const kept = { leg, stop: () => recording.stop() };
  call.recordings.push(kept);
  void recording.ended.then(({ durationMs, lostMs, state }) => {
    call.recordings.splice(call.recordings.indexOf(kept), 1);
    segment.end({ durationMs, lostMs, state });
  });
}
