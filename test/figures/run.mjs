// Measures the figures of a topic and prints each beside its goal:  node test/figures/run.mjs <topic> [part …] [--json]
// With --json the last line is one JSON object. Nothing is stored: a figure is measured when it is printed.
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Report } from './report.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, only: { type: 'string' } },
});
const topics = readdirSync(new URL('topics/', import.meta.url))
  .filter((name) => name.endsWith('.mjs'))
  .map((name) => name.slice(0, -4));
const [topic, ...named] = positionals;
if (!topics.includes(topic)) {
  process.stderr.write(`Name one topic of: ${topics.join(', ')}\n`);
  process.exit(2);
}
const { parts } = await import(`./topics/${topic}.mjs`);
// `calls-per-second` is the part callsPerSecond.
const asked = [...named, ...(values.only?.split(',') ?? [])].map((name) =>
  name.replace(/-([a-z])/g, (_, letter) => letter.toUpperCase()),
);
const wanted = asked.length > 0 ? asked : Object.keys(parts);
const unknown = wanted.filter((name) => !(name in parts));
if (unknown.length > 0) {
  process.stderr.write(`${topic} has no part ${unknown.join(', ')}; it has ${Object.keys(parts).join(', ')}\n`);
  process.exit(2);
}
const report = new Report(values.json);
for (const name of wanted) {
  report.heading(name);
  try {
    await parts[name](report);
  } catch (error) {
    // A part that breaks is a figure not met, and the others are still measured.
    report.broken(name, error);
  }
}
report.end();
process.exit(report.allMet ? 0 : 1);
