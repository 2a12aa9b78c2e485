// The bindings there are: by address of record, and by the connection that they hang on.
import type { Binding } from './binding.js';

const NONE: readonly Binding[] = [];

export class BindingTable {
  readonly #byAor = new Map<string, readonly Binding[]>();
  readonly #byConnection = new Map<number, Set<Binding>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** addresses of record that have one */
  get aors(): number {
    return this.#byAor.size;
  }

  of(aor: string): readonly Binding[] {
    return this.#byAor.get(aor) ?? NONE;
  }

  on(connection: number): readonly Binding[] {
    return [...(this.#byConnection.get(connection) ?? NONE)];
  }

  /** Puts a binding in place of the one with its id. */
  put(binding: Binding): void {
    const others = this.#without(binding);
    this.#byAor.set(binding.aor, [...others, binding]);
    this.#size += 1;
    if (binding.connection === undefined) return;
    const onIt = this.#byConnection.get(binding.connection);
    if (onIt === undefined) this.#byConnection.set(binding.connection, new Set([binding]));
    else onIt.add(binding);
  }

  remove(binding: Binding): void {
    const others = this.#without(binding);
    if (others.length === 0) this.#byAor.delete(binding.aor);
    else this.#byAor.set(binding.aor, others);
  }

  *[Symbol.iterator](): IterableIterator<Binding> {
    for (const bindings of this.#byAor.values()) yield* bindings;
  }

  /** The others of its address of record; the one with its id is taken away. */
  #without({ id, aor }: Binding): readonly Binding[] {
    const bindings = this.of(aor);
    const old = bindings.find((one) => one.id === id);
    if (old === undefined) return bindings;
    this.#size -= 1;
    if (old.connection !== undefined) {
      const onIt = this.#byConnection.get(old.connection);
      onIt?.delete(old);
      if (onIt?.size === 0) this.#byConnection.delete(old.connection);
    }
    return bindings.filter((one) => one !== old);
  }
}
