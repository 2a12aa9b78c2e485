// What a test measures on its way: said to whoever reads its output, and kept for `npm run figures`, which asks for it.
import { appendFileSync } from 'node:fs';

export function measured(name: string, value: number, unit: string): void {
  console.log(`${name}: ${Math.round(value * 100) / 100} ${unit}`);
  const file = process.env.CORDBOARD_MEASURED;
  if (file !== undefined) appendFileSync(file, `${JSON.stringify({ name, value, unit })}\n`);
}
