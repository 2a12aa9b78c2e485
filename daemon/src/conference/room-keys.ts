// What a party does by his telephone while he is in a room.
//
//     #, *0  leaves        *6  he is not heard, and heard again      *3  how many are there      0  hears these keys
//     moderators:  *1  all others are muted, and heard again   *2  locks and unlocks   *4  the last who came is removed
//                  *5  records and does not   *9  ends it for all
import type { ConferenceAction, ConferencePartyAction } from '../contract/index.js';
import { isAppError, type Log } from '../platform/index.js';
import { numberOf, type LiveRoom, type Party } from './live-room.js';

const STAR_MS = 4000;

/** What moderators do, by whatever means. */
export interface Doing {
  act(roomId: string, action: ConferenceAction['action'], by: string): Promise<unknown>;
  actOnParty(roomId: string, partyId: string, action: ConferencePartyAction, by: string): Promise<unknown>;
}

/** Resolves when he is to go, or wants to. Rejects with the signal's reason when he has hung up. */
export async function listenToKeys(room: LiveRoom, party: Party, doing: Doing, log: Log): Promise<void> {
  const { digits, signal } = party.session;
  digits.clear();
  for (;;) {
    const { pressed, stop } = digits.wait(signal);
    const key = await Promise.race([
      pressed.then((there) => (there ? digits.take() : undefined)),
      party.left.then(() => null),
    ]);
    stop();
    if (key === null) return;
    const second = key === '*' ? await digits.next(STAR_MS, signal) : undefined;
    if (key === '#' || (key === '*' && second === '0')) return party.leave('left');
    if (key === '0') await room.tell(party, ...helpFor(party));
    if (second !== undefined)
      await press(room, party, second, doing).catch((error: unknown) => {
        if (!isAppError(error)) log.error({ err: error, callId: party.session.callId }, 'a key in a conference failed');
        return room.tell(party, 'conference-not-possible');
      });
  }
}

const helpFor = ({ moderator }: Party): string[] =>
  moderator ? ['conference-keys', 'conference-moderator-keys'] : ['conference-keys'];

async function press(room: LiveRoom, party: Party, key: string, doing: Doing): Promise<void> {
  const { id } = room.row;
  const by = `telephone ${numberOf(party)}`;
  if (key === '6') {
    const muted = !party.muted;
    room.setMuted(party, muted);
    return room.tell(party, muted ? 'conference-muted' : 'conference-unmuted');
  }
  if (key === '3') return room.tell(party, 'conference-count', room.parties.size);
  if (!party.moderator) return room.tell(party, 'conference-not-possible');
  const others = [...room.parties.values()].filter((one) => one !== party);
  switch (key) {
    case '1': {
      const heard = others.some((one) => !one.moderator && !one.muted);
      return void (await doing.act(id, heard ? 'muteAll' : 'unmuteAll', by));
    }
    case '2':
      return void (await doing.act(id, room.locked ? 'unlock' : 'lock', by));
    case '4': {
      const last = others.filter((one) => !one.moderator).at(-1);
      if (last === undefined) return room.tell(party, 'conference-not-possible');
      return void (await doing.actOnParty(id, last.id, { action: 'remove' }, by));
    }
    case '5':
      return void (await doing.act(id, room.recording ? 'stopRecording' : 'startRecording', by));
    case '9':
      return void (await doing.act(id, 'end', by));
    default:
      return room.tell(party, 'conference-not-possible');
  }
}
