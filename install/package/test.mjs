// `npm run package:test`: the package on a Debian of its own (test/package), with what that takes. Root alone can lay one out.
import { run } from '../lib/child.mjs';
import { Failure } from '../lib/failure.mjs';
import { installPackages } from '../lib/packages.mjs';
import { tool } from '../lib/paths.mjs';

/** Lay the machine out, boot it, judge the package. */
const PACKAGES = ['mmdebstrap', 'systemd-container', 'lintian'];
/** Twenty minutes alone; a busy machine takes three times that. */
const LIMIT_MS = 90 * 60_000;

export async function packageTest(args) {
  if (process.getuid() !== 0) throw new Failure('The tests of the package lay out and boot a machine: only root can.');
  await installPackages(PACKAGES, { begin: (what) => console.log(what), keep: () => undefined });
  const { code } = await run(tool('vitest'), ['run', '--project', 'package', ...args], {
    stdio: 'inherit',
    timeLimitMs: LIMIT_MS,
  });
  return code;
}
