// `npm run bench`: the engine's measuring programs, compiled for release.
//
//   bench                          every program, each with its table under its name
//   bench dsp echo                 those
//   bench --scenario switch4096    the loaded switch alone, with that many timeslots
//   … --json                       one line on stdout and nothing else: { "dsp": {…}, "switch": [{…}, …], … }, a list where
//                                  a program printed several lines; of a single program or a scenario, what it printed
//
// The other options are the programs' own and are handed to each of them; whoever does not know one leaves it out.
import { readdirSync } from 'node:fs';

import { run } from './child.mjs';
import { buildEngineTests } from './engine-tests.mjs';
import { Failure } from './failure.mjs';
import { inRoot } from './paths.mjs';

const SUFFIX = '_bench';
/** The program that knows scenarios, and their names. */
const SWITCH = 'switch';
const SCENARIO = /^switch([1-9]\d{0,4})$/;
const MOST_TIMESLOTS = 65_536;

/** Options with a value (what it has to look like) and without one. */
const NUMBER = /^\d+$/;
const VALUES = {
  ...{ scenario: /./, seconds: NUMBER, threads: NUMBER, folder: /^[^-]/ },
  ...{ ends: NUMBER, rows: NUMBER, streams: NUMBER },
};
const SWITCHES = ['json', 'realtime'];

/**
 * What the arguments ask for; a Failure when there is no such thing, before anything is built.
 * @param {string[]} args
 * @returns {{ programs: string[], options: string[], json: boolean }}
 */
export function planBench(args) {
  const known = benchPrograms();
  const { named, options, values } = parse(args);
  const programs = [...new Set(named.map((name) => name.replace(new RegExp(`${SUFFIX}$`), '')))];
  const unknown = programs.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Failure(`No bench is called ${unknown.join(', ')}; there are: ${known.join(', ')}.`);
  const scenario = values.get('scenario');
  if (scenario !== undefined) {
    const timeslots = Number(SCENARIO.exec(scenario)?.[1] ?? 0);
    if (timeslots < 2 || timeslots > MOST_TIMESLOTS || timeslots % 2 !== 0)
      throw new Failure(
        `No scenario is called ${scenario}; there are switch2 … switch${MOST_TIMESLOTS}, timeslots by twos: switch4096.`,
      );
    const others = programs.filter((name) => name !== SWITCH);
    if (others.length > 0)
      throw new Failure(`A scenario is for ${SWITCH} alone: leave out ${others.join(', ')}, or --scenario.`);
    programs.splice(0, programs.length, SWITCH);
  }
  return { programs: programs.length > 0 ? programs : known, options, json: values.has('json') };
}

/** Runs what is planned; the exit code. */
export async function bench({ programs, options, json }) {
  const folder = await buildEngineTests({ folder: 'native/build-bench', buildType: 'Release', quiet: json });
  let worst = 0;
  const printed = {};
  for (const name of programs) {
    if (json) process.stderr.write(`  ${name}\n`);
    else console.log(`\n${name}`);
    const { code, output } = await run(inRoot(folder, name + SUFFIX), options, {
      stdio: json ? ['ignore', 'pipe', 'inherit'] : 'inherit',
    });
    worst ||= code;
    if (json) printed[name] = linesOf(name, code, output);
  }
  if (json) {
    const said = programs.length === 1 ? Object.values(printed)[0] : [merged(printed)];
    for (const object of said) process.stdout.write(`${JSON.stringify(object)}\n`);
  }
  return worst;
}

/** The programs there are, by their sources: a build folder may hold one that is gone. */
export function benchPrograms() {
  return readdirSync(inRoot('native/bench'))
    .filter((file) => file.endsWith(`${SUFFIX}.cpp`))
    .map((file) => file.slice(0, -`${SUFFIX}.cpp`.length))
    .sort();
}

/** The objects that a program printed, one a line. */
export function linesOf(name, code, output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  if (lines.length === 0) throw new Failure(`${name}${SUFFIX} printed no figures and ended with ${code}.`);
  return lines.map((line) => {
    try {
      return JSON.parse(line);
    } catch {
      throw new Failure(`${name}${SUFFIX} ended with ${code} and printed a line that is not JSON.`, output);
    }
  });
}

function merged(printed) {
  return Object.fromEntries(Object.entries(printed).map(([name, said]) => [name, said.length === 1 ? said[0] : said]));
}

/** `--name value`, `--name=value` and `--name` apart from the programs' names. */
function parse(args) {
  const named = [];
  const options = [];
  const values = new Map();
  for (let i = 0; i < args.length; i += 1) {
    if (!args[i].startsWith('-')) {
      named.push(args[i]);
      continue;
    }
    const [, name, attached] = /^--([^=]+)(?:=(.*))?$/.exec(args[i]) ?? [];
    const shape = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
    if (shape === undefined && (!SWITCHES.includes(name) || attached !== undefined))
      throw new Failure(unknownOption(args[i]));
    const value = shape === undefined ? '' : (attached ?? args[(i += 1)] ?? '');
    if (shape !== undefined && !shape.test(value))
      throw new Failure(
        `--${name} wants a value${shape.test('1') && !shape.test('x') ? ', a whole number' : ''}: --${name} …`,
      );
    values.set(name, value);
    options.push(`--${name}`, ...(shape === undefined ? [] : [value]));
  }
  return { named, options, values };
}

function unknownOption(arg) {
  const valued = Object.keys(VALUES).map((name) => `--${name} …`);
  return `No option is called ${arg}; there are: ${[...SWITCHES.map((name) => `--${name}`), ...valued].join(', ')}.`;
}
