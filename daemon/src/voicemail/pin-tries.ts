// Tries of a box's PIN are counted for each number that calls: a stranger who guesses locks himself out, and not the owner. Numbers of
// callers can be forged, so all those together who never knew the PIN have a limit, too; who has known it from his number is not
// held up by them.
import type { Db, VoicemailBoxRow } from '../db/index.js';
import { pinFits } from '../platform/index.js';

const TRIES = 5;
const STRANGERS_TRIES = 50;
const LOCK_MS = 900_000;

/** A clock that was set back does not lock for longer than a lock lasts. */
const locks = (until: number, now: number): boolean => now < until && until - now <= LOCK_MS;

export async function tryPin(
  db: Db,
  { id: boxId, pinHash, lockedUntil }: VoicemailBoxRow,
  pin: string,
  caller: string,
  now: number,
): Promise<'right' | 'wrong' | 'locked'> {
  const before = await db.voice.tries(boxId, caller);
  const strange = before?.rightAt == null;
  if (locks(before?.lockedUntil ?? 0, now) || (strange && locks(lockedUntil, now))) return 'locked';
  const right = pinHash !== null && (await pinFits(pinHash, pin));
  // Counted where it is stored: several who try at once share the tries.
  return db.write(async (tx) => {
    const [row, box] = [await tx.voice.tries(boxId, caller), await tx.voicemail.box(boxId)];
    const stranger = row?.rightAt == null;
    if (box === null || locks(row?.lockedUntil ?? 0, now) || (stranger && locks(box.lockedUntil, now))) return 'locked';
    const failed = right ? 0 : (row?.failed ?? 0) + 1;
    const locked = failed >= TRIES;
    await tx.voice.putTries({
      ...{ id: `${boxId}|${caller}`, boxId, caller, at: now, rightAt: right ? now : (row?.rightAt ?? null) },
      ...{ failed: locked ? 0 : failed, lockedUntil: locked ? now + LOCK_MS : 0 },
    });
    if (right) return 'right';
    if (stranger) {
      const all = box.failedPins + 1;
      const tooMany = all >= STRANGERS_TRIES;
      await tx.voicemail.updateBox(boxId, {
        ...{ failedPins: tooMany ? 0 : all, lockedUntil: tooMany ? now + LOCK_MS : 0 },
      });
    }
    return locked ? 'locked' : 'wrong';
  });
}
