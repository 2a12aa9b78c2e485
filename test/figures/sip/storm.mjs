// 2,000 telephones register with a whole box within 10 s, each with a challenge and a contact of its own, and then again.
import { runChild } from '../../../install/lib/children.mjs';

const PHONES = 2000;
const WITHIN_MS = 10_000;

export async function storm(report) {
  report.note(`${PHONES} accounts are made first`);
  const result = await runChild('sip-storm-child', [PHONES, WITHIN_MS]);
  report.add('stormRegistered', result.registered, 'phones', PHONES);
  report.add('stormRefreshed', result.refreshed, 'phones', PHONES);
  report.add('stormStored', result.stored, 'phones', PHONES);
  report.add('stormTurnedAway', result.turnedAway, 'answers', 0, 'exactly');
  report.add('stormResent', result.resent, 'requests');
  report.add('stormRegisterMedian', result.registerMedianMs, 'ms');
  report.add('stormRegisterP99', result.registerP99Ms, 'ms', 500, 'most');
  report.add('stormRefreshP99', result.refreshP99Ms, 'ms', 500, 'most');
}
