// What is played to a party while there is nobody to be heard: music, or a tone.
import type { CallContext } from './call-context.js';
import type { Playback } from './flow-session.js';
import type { Leg } from './leg.js';

/** A tone of the country, or files in a loop; with `then`, files once and after them something else. */
export type Background = { tone: string } | { files: string[]; then?: Background | undefined };

/** Plays under a leg, in place of what was there. What cannot be played is silence, and is logged. */
export function playTo(leg: Leg, context: CallContext, background: Background | Promise<Background | undefined>): void {
  hush(leg);
  const sound = begin(leg, context, background).then(
    (playback) => {
      // Whoever has put something else in its place has the say.
      const next = (): void => {
        if (
          leg.sound === sound &&
          !(background instanceof Promise) &&
          'then' in background &&
          background.then !== undefined
        )
          playTo(leg, context, background.then);
      };
      void playback?.ended.then((whole) => (whole ? next() : undefined));
      return () => playback?.stop();
    },
    (error: unknown) => {
      if (leg.lives) context.log.warn({ err: error, leg: leg.leg }, 'nothing can be played to one who waits');
      return () => undefined;
    },
  );
  leg.sound = sound;
}

/** Music for one who is on hold, or is being put through. */
export function playHoldMusic(leg: Leg, context: CallContext): void {
  playTo(
    leg,
    context,
    context.holdMusic().then((files) => (files === undefined ? undefined : { files })),
  );
}

export function hush(leg: Leg): void {
  void leg.sound?.then((stop) => stop());
  leg.sound = undefined;
}

async function begin(
  { port }: Leg,
  { playbacks }: CallContext,
  background: Background | Promise<Background | undefined>,
): Promise<Playback | undefined> {
  // Asked for in this turn when it is known: what comes after it is heard after it.
  const what = background instanceof Promise ? await background : background;
  if (what === undefined) return undefined;
  return 'tone' in what ? playbacks.tone(port, what.tone) : playbacks.files(port, what.files, what.then === undefined);
}
