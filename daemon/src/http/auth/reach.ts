// How far an identity reaches: its scope, where its role has the permission that reaches beyond one's own.
import type { Permission } from '../../contract/index.js';
import { AppError, Reach, type ReachFilter } from '../../platform/index.js';
import type { Ports } from '../ports.js';
import { may, type Identity } from './identity.js';

/** Without any of `beyond` it is what is one's own. */
export function reachOf({ agents }: Pick<Ports, 'agents'>, identity: Identity, ...beyond: Permission[]): Reach {
  const scope = may(identity, ...beyond) ? identity.scope : ({ kind: 'own' } as const);
  return new Reach(scope, identity.user.agentId, (id) => agents.find(id)?.queues ?? []);
}

/** AppError scope_too_narrow: what touches everybody is for who reaches everybody. */
export function mustReachEverything({ scope }: Identity): void {
  if (scope.kind !== 'all') throw new AppError('scope_too_narrow');
}

/** For lists in the database; undefined: nothing is left out. */
export function filterOf({ agents }: Pick<Ports, 'agents'>, reach: Reach): ReachFilter | undefined {
  return reach.everything ? undefined : reach.filter(agents.list());
}

/** Where one acts: at one's own telephone, or at one of those whom one may force. null: nowhere. */
export function stationOf(ports: Pick<Ports, 'agents'>, identity: Identity, asked: number | undefined): number | null {
  const { agentId } = identity.user;
  const own = agentId === null ? null : (ports.agents.find(agentId)?.station ?? null);
  if (asked === undefined || asked === own) return own;
  const reach = reachOf(ports, identity, 'floor.force');
  if (reach.everything) return asked;
  const there = ports.agents.list().find(({ station }) => station === asked);
  return there !== undefined && reach.agent(there.id) ? asked : null;
}
