// Two parties in talk: connected, one of them on hold, connected again.
import { cause, type CallContext } from './call-context.js';
import type { Leg } from './leg.js';
import type { LiveCall, Peer } from './live-call.js';
import { hush, playHoldMusic } from './sounds.js';

/**
 * From the next tick on the two hear each other; one whose partner has put him on hold hears music. Call it when anything of
 * that has changed.
 */
export function join(call: LiveCall, context: CallContext): void {
  const { leg: one, peer, holds } = call;
  if (peer === undefined) return;
  const other = peer.leg;
  const { engine } = context;
  // Connected under the music, which stops after: nobody hears silence in between.
  const joined =
    holds.has(one) || holds.has(other)
      ? engine.command('bus.disconnect', { port: one.port })
      : engine.command('bus.connect', { a: one.port, b: other.port });
  wait(one, other, call, context);
  wait(other, one, call, context);
  joined.catch((error: unknown) => {
    if (call.ending !== undefined || call.peer !== peer) return;
    call.log.error({ err: error, place: other.place }, 'two parties could not be connected');
    context.release(call, cause.temporaryFailure, 'fault');
  });
}

/** Two who both hold wait for themselves: there is nobody to play music to. */
function wait(leg: Leg, partner: Leg, { holds }: LiveCall, context: CallContext): void {
  if (holds.has(partner) && !holds.has(leg)) playHoldMusic(leg, context);
  else hush(leg);
}

/** They talk from now on. `data` is written down with the talk. */
export function beginTalk(call: LiveCall, context: CallContext, peer: Peer): void {
  call.peer = peer;
  join(call, context);
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
 * listened for unless the other one would not hear it in the audio. Again when a party is answered: only then it is agreed upon.
 */
export function passKeysOn({ leg, peer, log }: LiveCall, { lines, engine }: CallContext): void {
  if (peer === undefined) return;
  for (const [from, to] of [
    [leg, peer.leg],
    [peer.leg, leg],
  ] as const) {
    const dtmf = lines.keys(from.leg).givesEvents || lines.keys(to.leg).takesBeside;
    engine
      .command('detector.set', { port: from.port, dtmf })
      .catch((error: unknown) => log.debug({ err: error }, 'keys are not passed on'));
  }
}

/** A party puts the other on hold. Doing so twice is doing so once; before the talk it is remembered. */
export function hold(call: LiveCall, leg: Leg, context: CallContext): void {
  if (call.ending !== undefined || call.holds.has(leg)) return;
  call.holds.set(leg, call.segment('held', { by: leg.role }));
  if (call.phase === 'talking') join(call, context);
  context.changed(call);
}

export function retrieve(call: LiveCall, leg: Leg, context: CallContext): void {
  if (call.ending !== undefined || !call.holds.has(leg)) return;
  forgetHold(call, leg);
  if (call.phase === 'talking') join(call, context);
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
