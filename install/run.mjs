// The commands of package.json: brings the set-up up to date, then does what was asked.
//
//   node install/run.mjs start | test [suite …] [filter …] | demo | bench [program …] | fuzz [sip | engine] | figures <topic> [--json]
import { checkNode } from './lib/check-node.mjs';

checkNode(process.versions.node);

Promise.all([import('./lib/commands.mjs'), import('./lib/setup.mjs')]).then(([{ runCommand }, { reportFailure }]) =>
  runCommand(process.argv[2], process.argv.slice(3)).catch(reportFailure),
);
