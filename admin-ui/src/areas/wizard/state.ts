import { api, told } from '@/api/client';

export type KeptStep = 'network' | 'organisation' | 'trunk' | 'team' | 'test';

/** Whether the box owns its network: only then anybody is asked for it. */
export async function ownsNetwork(): Promise<boolean> {
  try {
    return (await told(api.GET('/api/v1/network'))).possible;
  } catch {
    return false;
  }
}

/** Where the wizard stands; null: it is done, was never begun, or nobody can say. */
export async function wizardStep(): Promise<KeptStep | null> {
  try {
    return (await told(api.GET('/api/v1/wizard'))).step;
  } catch {
    return null;
  }
}
