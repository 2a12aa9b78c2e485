// Telephones that have asked at the URL for all and that nobody knows: kept for whoever is to say which station they are.
import type { PhoneVendor, UnknownPhone } from '../contract/index.js';

const MOST = 200;
const LONGEST_TEXT = 200;

export class UnknownPhones {
  readonly #phones = new Map<string, UnknownPhone>();

  /** newest first */
  list(): UnknownPhone[] {
    return [...this.#phones.values()].reverse();
  }

  seen(phone: { mac: string; vendor: PhoneVendor; model: string; address: string }, atMs: number): void {
    const firstAt = this.#phones.get(phone.mac)?.firstAt ?? atMs;
    this.#phones.delete(phone.mac);
    this.#phones.set(phone.mac, { ...phone, firstAt, lastAt: atMs });
    const [oldest] = this.#phones.keys();
    if (this.#phones.size > MOST && oldest !== undefined) this.#phones.delete(oldest);
  }

  forget(mac: string): void {
    this.#phones.delete(mac);
  }
}

/** What a telephone says of itself, short and without what is no letter. */
export function userAgentText(text: string | undefined): string | null {
  const clean = (text ?? '').replace(/[^\x20-\x7e]/g, '').trim();
  return clean === '' ? null : clean.slice(0, LONGEST_TEXT);
}

/** The model that it names; '': none that we know. The longest counts: X3U Pro before X3U. */
export function modelOf(models: readonly string[], userAgent: string | null): string {
  const text = (userAgent ?? '').toLowerCase();
  return [...models].sort((a, b) => b.length - a.length).find((model) => text.includes(model.toLowerCase())) ?? '';
}
