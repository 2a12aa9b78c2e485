// What a node's work is given, and what all nodes share: speaking to the caller until he presses a key.
import type { FlowSession } from '../calls/flow-session.js';
import { errorText, type Log } from '../platform/index.js';
import type { PromptLibrary } from './prompt-library.js';

export interface FlowContext {
  /** name of the node that runs */
  readonly node: string;
  readonly session: FlowSession;
  readonly prompts: Pick<PromptLibrary, 'findAll'>;
  readonly log: Log;
  /** what was collected so far */
  readonly variables: Map<string, string>;
}

/** The name of the node that comes next; undefined: the flow is through. */
export type NextNode = string | undefined;

/**
 * Plays prompts until they end or the caller presses a key, which stays in the buffer for the node that asks for it.
 * A caller who has typed ahead hears none of it. A prompt that is missing or cannot be played is left out: a caller who
 * knows the menu still gets through. Rejects with the signal's reason when the call ends.
 */
export async function speak(context: FlowContext, names: readonly string[]): Promise<void> {
  const { session, log } = context;
  session.signal.throwIfAborted();
  if (session.digits.length > 0) return;
  const { files, missing } = await context.prompts.findAll(names, session.language);
  session.signal.throwIfAborted();
  for (const name of missing) log.warn({ node: context.node, prompt: name }, 'there is no such prompt; it is left out');
  if (files.length === 0) return;
  const segment = session.segment('prompt', { node: context.node, prompts: [...names], language: session.language });
  try {
    const playback = await session.play(files);
    const key = session.digits.wait(session.signal);
    const pressed = key.pressed.then(
      () => false,
      () => false,
    );
    const finished = await Promise.race([playback.ended, pressed]);
    key.stop();
    session.signal.throwIfAborted();
    if (!finished) playback.stop();
    segment.end({ finished });
  } catch (error) {
    session.signal.throwIfAborted();
    segment.end({ finished: false, error: errorText(error) });
    log.warn({ err: error, node: context.node, files }, 'a prompt could not be played; it is left out');
  }
}
