/** A short name that is not taken yet: of the Latin letters of the name, else the prefix with a number. */
export function newId(name: string, prefix: string, taken: readonly string[]): string {
  const latin = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 36)
    .replaceAll(/^-+|-+$/g, '');
  if (latin.length > 1 && !taken.includes(latin)) return latin;
  const base = latin.length > 1 ? latin : prefix;
  for (let count = latin.length > 1 ? 2 : 1; ; count += 1) {
    const id = `${base}-${count}`;
    if (!taken.includes(id)) return id;
  }
}

/** A deep copy of plain data, which a form may change. */
export function copyOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
