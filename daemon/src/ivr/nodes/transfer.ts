// Puts the caller through to an extension, an outside number, an agent, or whoever is on duty. When nobody is reached he comes back.
import { z } from 'zod';
import { Slug } from '../../contract/index.js';
import { NodeFailure, filled, go } from '../flow-context.js';
import type { TransferTarget } from '../flow-ports.js';
import { NodeName, Template, nodeKind, onError, targets } from '../node-kind.js';

const To = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('number'),
    number: Template.meta({ description: 'An extension, or a number outside' }),
  }),
  z.strictObject({ kind: z.literal('agent'), agent: Template }),
  z.strictObject({ kind: z.literal('duty'), rota: Slug }),
]);
const schema = z.strictObject({
  type: z.literal('transfer'),
  to: To,
  ringTimeoutMs: z.int().min(1000).max(300_000).default(30_000),
  busy: NodeName.optional(),
  noAnswer: NodeName.optional(),
  failed: NodeName.meta({ description: 'Also for the two above where they are left out' }),
  ...onError,
});

export const transfer = nodeKind<z.infer<typeof schema>>({
  type: 'transfer',
  schema,
  waits: true,
  asks: true,
  needs: 'transfer',
  targets: ({ busy, noAnswer, failed, error }) => targets({ busy, noAnswer, failed, error }),
  names: ({ to }) => {
    if (to.kind === 'duty') return [{ field: 'to.rota', kind: 'rota', name: to.rota }];
    return to.kind === 'agent' && !to.agent.includes('{') ? [{ field: 'to.agent', kind: 'agent', name: to.agent }] : [];
  },
  templates: ({ to }) => {
    if (to.kind === 'number') return [{ field: 'to.number', source: to.number }];
    return to.kind === 'agent' ? [{ field: 'to.agent', source: to.agent }] : [];
  },
  async run(node, { ports, session, variables, note }) {
    if (ports.transfer === undefined) throw new NodeFailure('nobody can be put through');
    const target = targetOf(node.to, (source) => filled(source, variables, 40).trim());
    const outcome = await ports.transfer.transfer(session, target, {
      ringTimeoutMs: node.ringTimeoutMs,
      reached: (who) => note(`talks with ${who}`),
    });
    // Another flow has had him, and is through.
    if (outcome === 'over') return { end: 'released', why: 'sentOn' };
    const next = outcome === 'busy' ? node.busy : outcome === 'noAnswer' ? node.noAnswer : undefined;
    return go(next ?? node.failed, outcome);
  },
});

function targetOf(to: z.infer<typeof To>, fill: (source: string) => string): TransferTarget {
  if (to.kind === 'duty') return to;
  const digits = fill(to.kind === 'number' ? to.number : to.agent);
  if (!/^\+?[0-9]{1,24}$/.test(digits)) throw new NodeFailure(`${JSON.stringify(digits)} is not a number`);
  return to.kind === 'number' ? { kind: 'number', number: digits } : { kind: 'agent', agent: digits };
}
