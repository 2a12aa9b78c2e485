import { api, told } from '@/api/client';

export type KeptStep = 'organisation' | 'trunk' | 'team' | 'test';

/** Where the wizard stands; null: it is done, was never begun, or nobody can say. */
export async function wizardStep(): Promise<KeptStep | null> {
  try {
    return (await told(api.GET('/api/v1/wizard'))).step;
  } catch {
    return null;
  }
}
