// Nodes that hand the caller to a service for a while: voicemail, conference, survey, fax. They differ in nothing but whom they ask.
import { z } from 'zod';
import { Slug } from '../../contract/index.js';
import { NodeFailure, filled, go } from '../flow-context.js';
import type { CallerService, PortName } from '../flow-ports.js';
import { NodeName, Template, VariableName, nodeKind, onError, targets } from '../node-kind.js';

type ServicePort = Extract<PortName, 'voicemail' | 'conference' | 'survey' | 'faxReceive' | 'faxSend'>;

function serviceNode(type: ServicePort) {
  const schema = z.strictObject({
    type: z.literal(type),
    to: Slug.meta({ description: 'Which one: a box, a room, a survey, a document' }),
    options: z.record(VariableName, Template).optional().meta({ description: 'What the service may want to know' }),
    results: z
      .record(VariableName, VariableName)
      .optional()
      .meta({ description: 'What it says, and the variables for it' }),
    next: NodeName,
    refused: NodeName.optional().meta({ description: 'It did not want him, or had no room; left out: as an error' }),
    ...onError,
  });
  return nodeKind<z.infer<typeof schema>>({
    type,
    schema,
    waits: true,
    asks: true,
    needs: type,
    targets: ({ next, refused, error }) => targets({ next, refused, error }),
    names: ({ to }) => [{ field: 'to', kind: type, name: to }],
    templates: ({ options = {} }) =>
      Object.entries(options).map(([name, source]) => ({ field: `options.${name}`, source })),
    assigns: ({ results = {} }) =>
      Object.entries(results).map(([name, variable]) => ({
        field: `results.${name}`,
        variable,
        type: 'json' as const,
      })),
    async run(node, { ports, session, variables }) {
      const service: CallerService | undefined = ports[type];
      if (service === undefined) throw new NodeFailure(`there is no ${type}`);
      const options = Object.fromEntries(
        Object.entries(node.options ?? {}).map(([name, source]) => [name, filled(source, variables)]),
      );
      const { outcome, values = {} } = await service.run(session, node.to, options);
      for (const [name, variable] of Object.entries(node.results ?? {})) variables.put(variable, values[name] ?? null);
      if (outcome === 'done') return go(node.next, outcome);
      if (outcome !== 'failed' && node.refused !== undefined) return go(node.refused, outcome);
      throw new NodeFailure(`${type} ${node.to}: ${outcome}`);
    },
  });
}

export const voicemail = serviceNode('voicemail');
export const conference = serviceNode('conference');
export const survey = serviceNode('survey');
export const faxReceive = serviceNode('faxReceive');
export const faxSend = serviceNode('faxSend');
