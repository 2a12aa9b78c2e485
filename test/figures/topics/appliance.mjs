// The appliance: size of the image and how long it takes to make, how exposed its services are, how long a boot takes in a machine that is emulated, what
// power cuts and bad updates did. As root; `image` alone takes a quarter of an hour, `machine` an hour or more.
import { readdirSync } from 'node:fs';

import { run } from '../../../install/lib/child.mjs';
import { inRoot } from '../../../install/lib/paths.mjs';
import { imageVersions, tryCases } from '../../appliance/run.mjs';

const IMAGE_MB = 1200;
const BUILD_MINUTES = 20;
const EXPOSURE = 3;
/** moments of each run that the power is cut at */
const CUTS = Number(process.env.CORDBOARD_IMAGE_CUTS ?? 10);

export const parts = { package: exposure, image, machine };

/** What systemd thinks of the rights of each service of the package. */
async function exposure(report) {
  const units = readdirSync(inRoot('systemd')).filter((name) => name.endsWith('.service'));
  for (const unit of units) {
    const { output } = await run('systemd-analyze', [
      ...['security', '--offline=true', '--no-pager', inRoot('systemd', unit)],
    ]);
    const found = Number(/Overall exposure level for [^:]+: ([\d.]+)/.exec(output)?.[1] ?? Number.NaN);
    report.add(`exposure of ${unit.replace('.service', '')}`, found, '', EXPOSURE, 'most');
  }
}

async function image(report) {
  const began = performance.now();
  const made = await run(process.execPath, [inRoot('install/run.mjs'), 'package:image', '--json'], { cwd: inRoot() });
  const said = made.output.trim().split('\n').at(-1);
  if (made.code !== 0) throw new Error(made.output.slice(-2000));
  report.add('image', JSON.parse(said).bytes / 1e6, 'MB', IMAGE_MB, 'most');
  report.add('image built in', (performance.now() - began) / 60_000, 'min', BUILD_MINUTES, 'most');
}

async function machine(report) {
  const versions = await imageVersions({ asBuilt: process.env.CORDBOARD_IMAGE_AS_BUILT === '1', out: process.stderr });
  const cases = ['bios', 'uefi', 'refused', 'hopeless', 'three-boots', 'failed-trial', 'update', 'back'];
  const cuts = ['cut-first-boot', 'cut-update', 'cut-migration', 'cut-recording', 'cut-backup'];
  const { passed, results, figures } = await tryCases([...cases, ...cuts], {
    ...{ versions, out: process.stderr, cuts: CUTS, boots: 1, seed: Date.now() % 1_000_000 },
  });
  for (const { name, error } of results) if (error !== undefined) report.note(`${name}: ${error}`);
  report.add('boot to wizard, emulated', figures['first-boot first boot'] ?? Number.NaN, 's');
  report.add('boot to wizard, of a processor', figures['first-boot processor'] ?? Number.NaN, 's');
  report.add('cases passed', passed, '', cases.length + cuts.length, 'exactly');
  report.add('power cuts survived', figures['cuts survived'] ?? 0, '', CUTS * cuts.length, 'exactly');
  report.add('bad updates refused', figures['updates refused'] ?? 0, '', 3, 'exactly');
  report.add('update to another version, emulated', figures.update ?? Number.NaN, 's');
  report.add('keys shared by two boxes', figures['keys shared'] ?? Number.NaN, '', 0, 'exactly');
}
