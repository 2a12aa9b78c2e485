// Fifty parties in one room: whether each hears who speaks, what the room costs, and ticks that were missed.
import { runChild } from '../../../install/lib/children.mjs';

export async function conference(report) {
  const found = await runChild('centre-conference-child');
  const { parties, asked, heard, worst, missed, joinMs, tickP50Us, recorded, cores, coresIdle } = found;
  report.note(
    `${parties} parties over two E1; cost with lines, exchange, and the recording of each call and of the room`,
  );
  report.add('conferenceParties', parties, 'parties', 50);
  report.add('conferenceAllInMs', joinMs, 'ms');
  report.add('conferenceHeard', heard, 'hearers', asked);
  report.add('conferenceWorstMatch', worst, 'match', 0.55, 'least');
  report.add('conferenceRecordedMatch', recorded, 'match', 0.55, 'least');
  report.add('conferenceMissedTicks', missed, 'ticks', 0, 'exactly');
  report.add('conferenceTickMedian', tickP50Us, 'us');
  report.add('conferenceCores', cores, 'cores');
  report.add('conferenceCoresIdle', coresIdle, 'cores');
  // Of the whole tick: both ends of each line, its recording, and the room.
  report.add('conferenceNsASeatAtMost', (tickP50Us * 1000) / parties, 'ns');
}
