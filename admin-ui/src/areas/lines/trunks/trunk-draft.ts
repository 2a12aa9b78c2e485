import type { E1Trunk, FxoTrunk, SipTrunk, Trunk } from '@cordboard/daemon/contract';
import { copyOf } from '../parts/new-id';

/** A trunk in the form; the secret only goes to the box, never comes from it. */
export type TrunkDraft = (E1Trunk | SipTrunk | FxoTrunk) & { secret: string; clearSecret: boolean };

const common = {
  ...{ id: '', name: '', numberRulesIn: [], numberRulesOut: [], callerRulesIn: [] },
  ...{ numberFormat: 'dialled', callerId: 'pass', fixedNumber: '', enabled: true },
} as const;

/** `free`: the E1s or lines that it begins with. */
export function newTrunk(kind: Trunk['kind'], free: number[]): TrunkDraft {
  const secrets = { secret: '', clearSecret: false };
  if (kind === 'e1')
    return copyOf({ ...common, kind, maxCalls: 10_000, spans: free, refer: false, ...secrets }) as TrunkDraft;
  if (kind === 'fxo') {
    const group = { maxCalls: 10_000, lines: free, hunt: 'order', dialPrefix: '', lineNumber: '' } as const;
    return copyOf({ ...common, kind, ...group, ...secrets }) as TrunkDraft;
  }
  return copyOf({
    ...common,
    ...{ kind, maxCalls: 30, mode: 'register', username: '', fromUser: '', fromDomain: '', expiresS: 600 },
    hosts: [newHost()],
    ...{ codecs: ['pcma', 'pcmu', 'g722', 'opus'], dtmf: 'auto', srtp: 'none', tlsFingerprint: '', sources: [] },
    ...{ optionsIntervalS: 30, callerIdHeader: 'from', diversionHeader: 'diversion', refer: false, hasSecret: false },
    ...secrets,
  }) as TrunkDraft;
}

export const newHost = () => ({ host: '', port: 0, transport: 'udp' as const, priority: 10, weight: 10 });

export function draftOf(trunk: Trunk): TrunkDraft {
  return { ...copyOf(trunk), secret: '', clearSecret: false };
}

/** What is sent: without what the box makes itself, and the secret only when it changes. */
export function bodyOf(draft: TrunkDraft, making: boolean): Record<string, unknown> {
  const { secret, clearSecret, id, kind, ...rest } = copyOf(draft);
  const body: Record<string, unknown> = { ...rest };
  delete body['hasSecret'];
  if (kind === 'sip' && (secret !== '' || clearSecret)) body['secret'] = secret;
  return making ? { ...body, id, kind } : body;
}

/** The same trunk made anew, for taking a removal back; its secret is gone. */
export function remakeBody(trunk: Trunk): Record<string, unknown> {
  return bodyOf(draftOf(trunk), true);
}
