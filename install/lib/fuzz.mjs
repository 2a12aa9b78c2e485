// `npm run fuzz`: hostile input by the hundred thousand.
//
//   fuzz                            all of them
//   fuzz sip                        mutated messages into the running SIP stack
//   fuzz engine                     mutated frames and packets into the engine, under the address and undefined-behaviour sanitizers
//   fuzz signalling                 ISDN frames, signalling bits, messages of caller identification, under the same sanitizers
//   fuzz t38                        datagrams of UDPTL and packets of T.38 into fax calls, under the same sanitizers
//   fuzz sip --count 1000000 --seed 7
import { runChild } from './children.mjs';
import { run } from './child.mjs';
import { buildEngineTests } from './engine-tests.mjs';
import { Failure } from './failure.mjs';
import { inRoot } from './paths.mjs';

const DEFAULTS = { count: 100_000, seed: 4475 };
const LONGEST_ANSWER_MS = 500;
const HEAP_GROWTH_MB = 4;
const MB = 1024 * 1024;

const KINDS = { sip, engine, signalling, t38 };

/** What the arguments ask for; a Failure when there is no such thing. */
export function planFuzz(args) {
  const plan = { ...DEFAULTS, kinds: [] };
  for (let i = 0; i < args.length; i += 1) {
    const name = args[i].startsWith('--') ? args[i].slice(2) : undefined;
    if (name === undefined && args[i] in KINDS) plan.kinds.push(args[i]);
    else if (name !== undefined && name in DEFAULTS && /^\d{1,9}$/.test(args[i + 1] ?? ''))
      plan[name] = Number(args[++i]);
    else
      throw new Failure(`What is ${args[i]}? There are ${Object.keys(KINDS).join(' and ')}, --count … and --seed ….`);
  }
  if (plan.kinds.length === 0) plan.kinds = Object.keys(KINDS);
  return plan;
}

/** The exit code. */
export async function fuzz(plan) {
  let failed = 0;
  for (const kind of plan.kinds) {
    console.log(`\n${kind}: ${plan.count} with seed ${plan.seed}`);
    if (!(await KINDS[kind](plan))) failed += 1;
  }
  return failed === 0 ? 0 : 1;
}

async function sip({ count, seed }) {
  const result = await runChild('sip-fuzz-child', [Math.ceil(count / 1000) * 1000, seed]);
  const grownMb = (result.heapAfter - result.heapBefore) / MB;
  const { calls, dialogs, transactions } = result.left;
  const verdicts = [
    [`${result.faults} faults`, result.faults === 0],
    [`OPTIONS answered within ${result.optionsLongestMs.toFixed(1)} ms`, result.optionsLongestMs < LONGEST_ANSWER_MS],
    [`heap ${grownMb.toFixed(2)} MB larger`, grownMb < HEAP_GROWTH_MB],
    [`${calls} calls, ${dialogs} dialogs, ${transactions} transactions left`, calls + dialogs + transactions === 0],
    [`${result.received} datagrams and ${result.streamMessages} messages of streams came`, result.received >= count],
  ];
  for (const [text, good] of verdicts) console.log(`  ${good ? ' ' : '!'} ${text}`);
  return verdicts.every(([, good]) => good);
}

/** Suites named HostileSignalling… have a parser of signalling each; all get as many inputs. */
const SIGNALLING = '*HostileSignalling*';
/** Each of its tests gets as many inputs. */
const T38 = '*HostileT38*';

function engine({ count, seed }) {
  return sanitized(`*Hostile*-${SIGNALLING}:${T38}`, seed, {
    CORDBOARD_FUZZ_FRAMES: String(count),
    CORDBOARD_FUZZ_PACKETS: String(count),
  });
}

function signalling({ count, seed }) {
  return sanitized(SIGNALLING, seed, { CORDBOARD_FUZZ_SIGNALLING: String(count) });
}

function t38({ count, seed }) {
  return sanitized(T38, seed, { CORDBOARD_FUZZ_T38: String(count) });
}

async function sanitized(tests, seed, counts) {
  const folder = await buildEngineTests({
    folder: 'native/build-asan',
    buildType: 'RelWithDebInfo',
    sanitize: 'address',
  });
  const { code } = await run(inRoot(folder, 'cordboard_tests'), [`--gtest_filter=${tests}`], {
    stdio: 'inherit',
    env: {
      ...process.env,
      UBSAN_OPTIONS: 'print_stacktrace=1',
      ...counts,
      CORDBOARD_FUZZ_SEED: String(seed),
    },
  });
  return code === 0;
}
