#!/usr/bin/env node
// The command `cordboard`; what it does is in src/cli.
import { existsSync } from 'node:fs';

const program = new URL('../dist/cli/index.js', import.meta.url);
if (!existsSync(program)) {
  console.error('Cordboard is not built yet: run `npm run setup`, then try again.');
  process.exit(1);
}
const { runCli } = await import(program);
process.exit(await runCli(process.argv.slice(2)));
