// The parties of a talk: who is connected, who is on hold and hears music, who does not want to be heard.
import { cause, type CallContext } from './call-context.js';
import type { Leg } from './leg.js';
import type { LiveCall, Peer } from './live-call.js';
import { Mix, type Seat } from './mix.js';
import { hush, playHoldMusic } from './sounds.js';

/**
 * From the next tick on those hear each other who are to; one whose partner has put him on hold, or talks with somebody else
 * meanwhile, hears music. Call it when anything of that has changed.
 */
export function arrange(call: LiveCall, context: CallContext): void {
  if (call.peer === undefined) return;
  // Connected under the music, which stops after: nobody hears silence in between.
  mixOf(call, context).arrange(seatsOf(call));
  for (const leg of talkersOf(call)) {
    if (!waits(call, leg)) hush(leg);
    else if (!call.waiting.has(leg)) playHoldMusic(leg, context);
  }
  call.waiting = new Set(talkersOf(call).filter((leg) => waits(call, leg)));
}

function mixOf(call: LiveCall, context: CallContext): Mix {
  call.mix ??= new Mix({
    ...{ engine: context.engine, log: call.log },
    failed: (error) => {
      if (call.ending !== undefined) return;
      call.log.error({ err: error }, 'the parties of a call could not be connected');
      context.release(call, cause.temporaryFailure, 'fault');
    },
  });
  return call.mix;
}

/** Everybody who talks in the call, or would if he were not on hold. */
export function talkersOf({ leg, peer, members, consult }: LiveCall): Leg[] {
  const legs = [leg, ...(peer === undefined ? [] : [peer.leg]), ...members.map((member) => member.leg)];
  return consult?.leg === undefined ? legs : [...legs, consult.leg];
}

/** Those who are to hear each other now, supervisors included. */
function seatsOf(call: LiveCall): Seat[] {
  const { consult, holds, members, monitors, muted } = call;
  const aside = consult !== undefined && consult.turn === 'target';
  let talkers = talkersOf(call).filter((leg) => !aside || leg === consult.self || leg === consult.leg);
  if (!aside) talkers = talkers.filter((leg) => leg !== consult?.leg);
  // Of two who hold one another, or of whom one holds, nobody hears; from a larger round only he is away who holds.
  const holding = talkers.some((leg) => holds.has(leg));
  if (holding) talkers = members.length === 0 || aside ? [] : talkers.filter((leg) => !holds.has(leg));
  if (talkers.length < 2) return [];
  const seats = talkers.map((leg): Seat => ({ leg, voice: muted.has(leg) ? 'listen' : 'talk' }));
  for (const { leg, mode, of } of monitors) {
    if (!leg.answered || !talkers.includes(of)) continue;
    seats.push({ leg, voice: mode === 'whisper' ? { whisperTo: of } : mode === 'barge' ? 'talk' : 'listen' });
  }
  return seats;
}

/** Two who both hold wait for themselves: there is nobody to play music to. */
function waits(call: LiveCall, leg: Leg): boolean {
  const { consult, holds, members } = call;
  if (consult !== undefined && leg !== consult.self) {
    const aside = (consult.turn === 'target') === (leg !== consult.leg);
    if (aside) return true;
  }
  const partner = leg === consult?.leg ? consult.self : call.partnerOf(leg);
  return members.length === 0 && partner !== undefined && holds.has(partner) && !holds.has(leg);
}

/** They talk from now on. `data` is written down with the talk. */
export function beginTalk(call: LiveCall, context: CallContext, peer: Peer): void {
  call.peer = peer;
  arrange(call, context);
  const { agentId, queueId, leg } = peer;
  call.talk = call.segment('talk', {
    ...(agentId === null ? {} : { agentId }),
    ...(leg.station === null ? {} : { station: leg.station }),
    ...(queueId === null ? {} : { queueId }),
  });
  passKeysOn(call, context);
}

/**
 * What they key in while they talk (a card number for the bank's machine) is none of our business: it is not written down, and not
 * listened for unless the other one would not hear it in the audio, or keys of a telephone of the box may mean something (afterTalk). Again when a party is answered: only then it is agreed upon.
 */
export function passKeysOn({ leg, peer, log }: LiveCall, { lines, engine, afterTalk }: CallContext): void {
  if (peer === undefined) return;
  for (const [from, to] of [
    [leg, peer.leg],
    [peer.leg, leg],
  ] as const) {
    const asks = from.station !== null && afterTalk !== undefined && afterTalk.keys !== '';
    const dtmf = asks || lines.keys(from.leg).givesEvents || lines.keys(to.leg).takesBeside;
    engine
      .command('detector.set', { port: from.port, dtmf })
      .catch((error: unknown) => log.debug({ err: error }, 'keys are not passed on'));
  }
}

/** A party puts the other on hold. Doing so twice is doing so once; before the talk it is remembered. */
export function hold(call: LiveCall, leg: Leg, context: CallContext): void {
  if (call.ending !== undefined || call.holds.has(leg)) return;
  call.holds.set(leg, call.segment('held', { by: leg.role }));
  if (call.phase === 'talking') arrange(call, context);
  context.changed(call);
}

export function retrieve(call: LiveCall, leg: Leg, context: CallContext): void {
  if (call.ending !== undefined || !call.holds.has(leg)) return;
  forgetHold(call, leg);
  if (call.phase === 'talking') arrange(call, context);
  context.changed(call);
}

/** The party leaves: whoever it held is not on hold any more. */
export function forgetHold(call: LiveCall, leg: Leg): void {
  call.holds.get(leg)?.end();
  call.holds.delete(leg);
}

/** Somebody has put the call through: his agent has nothing more to do with it. */
export function hasLeft(context: CallContext, call: LiveCall, { agentId }: Peer, station: number): void {
  context.events.emit('call.transferred', { call: call.toDto(), agentId, station });
}
