#!/usr/bin/env -S node --max-semi-space-size=4
// The command `cordboard`; what it does is in src/cli. A small space for young objects (MB): the daemon's pauses are short, and a
// hundred megabytes of garbage are not kept.
import { existsSync } from 'node:fs';

const program = new URL('../dist/cli/index.js', import.meta.url);
if (!existsSync(program)) {
  console.error('Cordboard is not built yet: run `npm run setup`, then try again.');
  process.exit(1);
}
const { runCli } = await import(program);
process.exit(await runCli(process.argv.slice(2)));
