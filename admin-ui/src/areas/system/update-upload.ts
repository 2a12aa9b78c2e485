import { ref } from 'vue';
import { api, fileBody, patientApi, told } from '@/api/client';

const PIECE = 8 << 20;
/** The first one is small: whose update it is, and of which version, is known before the rest goes. */
const FIRST = 128 << 10;

export type Bringing = { name: string; share: number; checking: boolean };

/** Brings an update piece by piece and has it checked; rejects with what the box says against it. */
export function useUpdateUpload() {
  const bringing = ref<Bringing | null>(null);
  let leave: AbortController | undefined;

  /** false: it was stopped. Throws what the box says against it. */
  async function bring(file: File): Promise<boolean> {
    const mine = new AbortController();
    const { signal } = mine;
    leave = mine;
    bringing.value = { name: file.name, share: 0, checking: false };
    try {
      for (let at = 0; at < file.size;) {
        const piece = file.slice(at, at === 0 ? FIRST : at + PIECE);
        const params = { query: { at, total: file.size } };
        await told(patientApi.PUT('/api/v1/updates/file', { params, ...fileBody(piece), signal }));
        at += piece.size;
        bringing.value = { name: file.name, share: Math.floor((100 * at) / file.size), checking: at === file.size };
      }
      const body = { source: 'upload' as const, checkOnly: true, restartWithinMinutes: null };
      await told(patientApi.POST('/api/v1/updates', { body, signal }));
      return true;
    } catch (error) {
      if (!signal.aborted) throw error;
      await told(api.DELETE('/api/v1/updates/file')).catch(() => undefined);
      return false;
    } finally {
      bringing.value = null;
    }
  }

  return { bringing, bring, stop: () => leave?.abort() };
}
