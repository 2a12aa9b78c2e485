// Walks a caller through a flow, node by node.
import type { FlowSession } from '../calls/flow-session.js';
import type { FlowDefinition, FlowNode } from '../contract/index.js';
import type { Log } from '../platform/index.js';
import type { FlowContext, NextNode } from './flow-context.js';
import { runCollect } from './nodes/collect.js';
import { runHangup } from './nodes/hangup.js';
import { runMenu } from './nodes/menu.js';
import { runPlay } from './nodes/play.js';
import { runQueue } from './nodes/queue.js';
import type { PromptLibrary } from './prompt-library.js';

/**
 * A caller who comes through this many nodes is going round in circles; with prompts missing the circle takes no time at
 * all, and the daemon would do nothing else.
 */
const MOST_STEPS = 1000;

/** Q.850: temporary failure */
const CAUSE_TEMPORARY_FAILURE = 41;

/** Runs the flow for one caller. Rejects with the session's reason when the call ends under way. */
export async function runFlow(
  definition: FlowDefinition,
  session: FlowSession,
  prompts: Pick<PromptLibrary, 'findAll'>,
  log: Log,
): Promise<void> {
  const variables = new Map<string, string>();
  let name: NextNode = definition.start;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    session.signal.throwIfAborted();
    const node: FlowNode | undefined = Object.hasOwn(definition.nodes, name) ? definition.nodes[name] : undefined;
    if (node === undefined) {
      log.error({ node: name }, 'the flow leads to a node that does not exist');
      return session.release(CAUSE_TEMPORARY_FAILURE);
    }
    name = await runNode(node, { node: name, session, prompts, log, variables });
    if (name === undefined) return;
  }
  log.error({ node: name, steps: MOST_STEPS }, 'the caller went through too many nodes; the flow goes in circles');
  session.release(CAUSE_TEMPORARY_FAILURE);
}

async function runNode(node: FlowNode, context: FlowContext): Promise<NextNode> {
  switch (node.type) {
    case 'play':
      return runPlay(node, context);
    case 'menu':
      return runMenu(node, context);
    case 'collect':
      return runCollect(node, context);
    case 'queue':
      return runQueue(node, context);
    case 'hangup':
      return runHangup(node, context);
  }
}
