// Drafts over the API. What a draft holds may be anything, which the document cannot say of a single field: typed here.
import type { Flow, FlowDraft } from '@cordboard/daemon/contract';
import { api, told } from '@/api/client';

const at = (id: string) => ({ params: { path: { id } } });

export interface DraftBody {
  name: string;
  definition: unknown;
  /** `updatedAt` of the draft that was read, null: there was none; left out: whatever is there is written over */
  expected?: number | null | undefined;
}

export const drafts = {
  list: async (signal?: AbortSignal): Promise<FlowDraft[]> =>
    (await told(api.GET('/api/v1/flow-drafts', { signal }))) as unknown as FlowDraft[],
  read: async (id: string): Promise<FlowDraft> =>
    (await told(api.GET('/api/v1/flows/{id}/draft', at(id)))) as unknown as FlowDraft,
  /** What is live and what is drafted under an id; null: nothing is. */
  work: async (id: string): Promise<{ live: Flow | null; draft: FlowDraft | null }> =>
    (await told(api.GET('/api/v1/flows/{id}/work', at(id)))) as never,
  put: async (id: string, body: DraftBody): Promise<FlowDraft> =>
    (await told(api.PUT('/api/v1/flows/{id}/draft', { ...at(id), body: body as never }))) as unknown as FlowDraft,
  remove: (id: string): Promise<unknown> => told(api.DELETE('/api/v1/flows/{id}/draft', at(id))),
};
