// How many there are of each; what is at nought is forgotten.
export class Tally {
  readonly #counts = new Map<string, number>();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  of(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: string): void {
    this.#total += 1;
    this.#counts.set(key, this.of(key) + 1);
  }

  /** One that was added. */
  remove(key: string): void {
    this.#total -= 1;
    const left = this.of(key) - 1;
    if (left <= 0) this.#counts.delete(key);
    else this.#counts.set(key, left);
  }
}

/** Whose limits a connection counts on: an IPv4 address, or the /64 that one customer has of IPv6. */
export function networkOf(host: string): string {
  if (!host.includes(':')) return host;
  const [front = ''] = host.split('::');
  return [...front.split(':'), '0', '0', '0', '0'].slice(0, 4).join(':');
}
