// `npm run image:test`: the image as it boots, is set up, takes a call, is updated and goes back, and loses its power in between; in virtual
// machines under pure emulation. Prints each case with its time and, last, a count.
//
//   npm run image:test [-- --cuts 10] [--boots 1] [--deb FILE] [--as-built] [--seed 7] [--json] [case …]
//
//   --cuts N    moments of each run that the power is cut at; --boots N: how many of them the machine itself is booted after
//   --as-built  the image and the update that an earlier run has made, and the box that it kept
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { makeDeb } from '../../install/package/deb.mjs';
import { Failure } from '../../install/lib/failure.mjs';
import { installPackages } from '../../install/lib/packages.mjs';
import { inRoot } from '../../install/lib/paths.mjs';
import { Progress } from '../../install/lib/progress.mjs';
import { IMAGE_PACKAGES } from '../../install/image/steps.mjs';
import { Bench, WORK, prepareWork } from './bench.mjs';
import { CASES } from './cases.mjs';
import { CUTS } from './cuts.mjs';
import { patientImage } from './machine.mjs';
import { FIRST, madeVersions, makeVersions } from './versions.mjs';

export const IMAGE_TEST_PACKAGES = [...IMAGE_PACKAGES, 'qemu-system-x86', 'seabios', 'ovmf'];
const ALL = { ...CASES, ...CUTS };

const OPTIONS = {
  cuts: { type: 'string', default: '10' },
  boots: { type: 'string', default: '1' },
  seed: { type: 'string', default: '1' },
  deb: { type: 'string' },
  'as-built': { type: 'boolean' },
  json: { type: 'boolean' },
};

export async function imageTest(args) {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  const asked = positionals.length === 0 ? Object.keys(ALL) : positionals;
  const unknown = asked.find((name) => ALL[name] === undefined);
  if (unknown !== undefined)
    throw new Failure(`There is no case ${unknown}; there are: ${Object.keys(ALL).join(', ')}`);
  const out = values.json ? process.stderr : process.stdout;
  prepareWork();
  const versions = await imageVersions({ deb: values.deb, asBuilt: values['as-built'], out });
  const tried = await tryCases(asked, {
    ...{ versions, out, cuts: Number(values.cuts), boots: Number(values.boots), seed: Number(values.seed) },
  });
  if (values.json) console.log(JSON.stringify(tried));
  else console.log(`\n${tried.passed} passed, ${tried.failed} failed`);
  return tried.failed === 0 ? 0 : 1;
}

/** The image and the update that are played with; made, or with `asBuilt` as they are. */
export async function imageVersions({ deb, asBuilt = false, out }) {
  const progress = new Progress({ out, log: inRoot(WORK, 'build.log') });
  await progress.step('tools', (begin) => installPackages(IMAGE_TEST_PACKAGES, { begin, keep: progress.keep }));
  const patient = inRoot(WORK, 'patient.img');
  if (asBuilt && existsSync(patient)) return { ...madeVersions(inRoot(WORK)), image: patient };
  const file = deb ?? (await makeDeb({ version: FIRST, fast: true, to: inRoot(WORK) })).file;
  const versions = await makeVersions({ deb: file, out: inRoot(WORK), progress });
  return { ...versions, built: versions.image, image: patientImage(versions.image, patient) };
}

/**
 * Runs cases by their names, one after the other; `versions` as imageVersions gives them.
 * @returns {Promise<{ passed: number, failed: number, results: { name: string, seconds: number, error?: string }[], figures: Record<string, number> }>}
 */
export async function tryCases(names, options) {
  const bench = new Bench(options);
  const results = [];
  for (const name of names) results.push(await bench.run(name, ALL[name]));
  const failed = results.filter(({ error }) => error !== undefined).length;
  return { passed: results.length - failed, failed, results, figures: bench.figures };
}
