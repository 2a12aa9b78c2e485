// What makes a first trunk of use: calls in over it come to the menu, calls out find it. Each can be done again with what was
// corrected: a trunk that is there is changed, and what leads there already is left as it is.
import type { Trunk } from '@cordboard/daemon/contract';
import { api, told } from '@/api/client';

const MAIN_FLOW = 'main';

export interface FirstTrunk {
  id: string;
  kind: Trunk['kind'];
  name: string;
  /** as it was typed; empty: nobody calls in */
  number: string;
  /** of its kind: E1s or lines */
  fields: Record<string, unknown>;
  /** of the way out; left out: the usual one */
  priority?: number;
}

/** A number as it is dialled. */
export const dialled = (typed: string): string => typed.replaceAll(/[\s-]/g, '');

export async function putFirstTrunk(
  { id, kind, name, number, fields, priority }: FirstTrunk,
  language: string,
): Promise<void> {
  const body = { name, ...fields };
  const known = (await told(api.GET('/api/v1/trunks'))).some((trunk) => trunk.id === id);
  if (known) await told(api.PATCH('/api/v1/trunks/{id}', { params: { path: { id } }, body: body as never }));
  else await told(api.POST('/api/v1/trunks', { body: { id, kind, ...body } as never }));
  await leadToMenu(dialled(number), language);
  await wayOut(id, name, priority);
}

async function leadToMenu(calledNumber: string, language: string): Promise<void> {
  const routes = await told(api.GET('/api/v1/routes'));
  if (calledNumber === '' || routes.some((route) => route.calledNumber === calledNumber)) return;
  await told(api.POST('/api/v1/routes', { body: { calledNumber, flowId: MAIN_FLOW, language } as never }));
}

async function wayOut(trunk: string, name: string, priority: number | undefined): Promise<void> {
  const routes = await told(api.GET('/api/v1/outbound-routes'));
  if (routes.some(({ trunks }) => trunks.includes(trunk))) return;
  const body = { name, pattern: '0.', strip: 1, trunks: [trunk], emergency: true };
  await told(api.POST('/api/v1/outbound-routes', { body: { ...body, ...(priority && { priority }) } as never }));
}
