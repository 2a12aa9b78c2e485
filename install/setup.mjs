// Makes a fresh clone ready to run: Debian packages, npm packages, then the builds. What is up to date is left alone.
//
//   node install/setup.mjs [--test] [--json]
//
// --test also installs what only the tests need; --json keeps stdout empty (progress goes to stderr).
import { checkNode } from './lib/check-node.mjs';

checkNode(process.versions.node);

import('./lib/setup.mjs').then(({ setup, reportFailure }) =>
  setup({ forTests: process.argv.includes('--test'), quiet: process.argv.includes('--json') }).catch(reportFailure),
);
