/** A new order of rules, as the positions that have to be told to the box: what stands where it should is left alone. */
export function reordered<T extends { id: string; position: number }>(
  rules: readonly T[],
  from: number,
  by: -1 | 1,
): { id: string; position: number }[] {
  const order = [...rules];
  const [moved] = order.splice(from, 1);
  if (!moved) return [];
  order.splice(from + by, 0, moved);
  return order
    .map(({ id, position }, index) => ({ id, was: position, position: (index + 1) * 10 }))
    .filter(({ was, position }) => was !== position)
    .map(({ id, position }) => ({ id, position }));
}
