// What one of a call presses: part of the number before it is answered, the flow's or the queue's after it, the partner's in talk.
import type { LineEvents } from '../lines/index.js';
import { askedByKeys, type TalkKeys } from './after-talk.js';
import type { CallContext } from './call-context.js';
import { DigitRelay } from './digit-relay.js';
import type { CallLeg } from './leg-table.js';

/** keys that are written down of a call */
const MOST_DIGITS_KEPT = 200;
/** what is written down of a key that is secret */
const HIDDEN_KEY = '•';

export function keyPressed(
  context: CallContext,
  { call, leg }: CallLeg,
  { digit, source }: Pick<LineEvents['leg.digit'], 'digit' | 'source'>,
  talkKeys: TalkKeys,
): void {
  if (call.ending !== undefined) return;
  if (call.phase === 'talking') {
    const partner = call.partnerOf(leg);
    if (talkKeys.press(context, leg, digit)) return askedByKeys(context, call, leg);
    // A tone is in the audio; one who takes his keys beside it gets it there, too.
    const heard = source === 'tone' && partner !== undefined && !context.lines.keys(partner.leg).takesBeside;
    if (partner === undefined || heard || source === 'overlap') return;
    call.relay ??= new DigitRelay(context);
    return call.relay.send(partner, digit);
  }
  if (leg !== call.leg || call.phase === 'dialling') return;
  // Before the answer, digits are part of the number; those that come after it is complete mean nothing.
  if (source === 'overlap') return call.phase === 'arriving' ? call.digits.push(digit) : undefined;
  if (call.phase === 'inFlow') call.digits.push(digit);
  // Who presses keys without end is not written down without end.
  if (call.row.digits.length >= MOST_DIGITS_KEPT) return;
  const written = call.keysHidden ? HIDDEN_KEY : digit;
  call.happened('digit', { digit: written });
  call.record.update({ digits: call.row.digits + written });
  context.changed(call);
  context.events.emit('call.digit', { call: call.toDto(), digit });
}
