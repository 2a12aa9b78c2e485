// What the daemon's own thread does at 10 calls a second, and what part of it the exchange costs, which a real box does not have: it
// runs in the same process. (In the engine's threads it costs the other half of every line, too.)
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CallCentre } from './floor.mjs';

const PER_SECOND = 10;
/** Talks are over after 36 s: from then on as many end as begin. */
const [FULL_AFTER_S, SECONDS] = [40, 70];

export async function thread(report) {
  const folder = mkdtempSync(join(tmpdir(), 'cordboard-profile-'));
  const centre = new CallCentre(['--cpu-prof', `--cpu-prof-dir=${folder}`]);
  try {
    await centre.start();
    await centre.furnish({ talkMs: { least: 20_000, most: 36_000 } });
    await centre.watch(() => undefined);
    const begun = performance.now();
    const placing = [];
    for (let i = 0; i < SECONDS * PER_SECOND; i += 1) {
      const due = begun + (i * 1000) / PER_SECOND;
      if (due > performance.now()) await sleep(due - performance.now());
      placing.push(centre.call(i).catch((error) => report.note(String(error))));
    }
    await Promise.all(placing);
    const seconds = (performance.now() - begun) / 1000;
    const stopping = performance.now();
    await centre.stop();
    const stoppedS = (performance.now() - stopping) / 1000;
    // The first is that of the main thread.
    const [file] = readdirSync(folder).sort((a, b) => part(a) - part(b));
    const shares = sharesOf(JSON.parse(readFileSync(join(folder, file), 'utf8')), {
      fromS: stoppedS + seconds - FULL_AFTER_S,
      toS: stoppedS,
    });
    for (const [name, share] of shares) report.add(`thread ${name}`, 100 * share, '%');
  } finally {
    await centre.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile */
const part = (name) => Number(name.split('.')[4]);

/** Of the time between two moments before the end of the profile, largest first. A sample counts for the innermost part of the daemon in its stack, but for the exchange when it stands anywhere in it. */
function sharesOf({ nodes, samples, timeDeltas, endTime }, { fromS, toS }) {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const byId = new Map(nodes.map((node) => [node.id, node.callFrame]));
  const names = new Map();
  const nameOf = (id) => {
    const known = names.get(id);
    if (known !== undefined) return known;
    const { functionName } = byId.get(id);
    let name = ['(idle)', '(garbage collector)', '(program)'].includes(functionName) ? functionName : undefined;
    let inner;
    for (let at = id; at !== undefined && name === undefined; at = parents.get(at)) {
      const found = /\/daemon\/dist\/(\w+)\//.exec(byId.get(at).url)?.[1];
      if (found === 'exchange') name = 'exchange';
      inner ??= found;
    }
    name ??= inner ?? 'Node';
    names.set(id, name);
    return name;
  };
  const sums = new Map();
  let [time, whole] = [endTime - timeDeltas.reduce((sum, delta) => sum + delta, 0), 0];
  samples.forEach((id, i) => {
    time += timeDeltas[i];
    const beforeEndS = (endTime - time) / 1e6;
    const lasted = timeDeltas[i + 1] ?? 0;
    if (beforeEndS > fromS || beforeEndS < toS) return;
    whole += lasted;
    sums.set(nameOf(id), (sums.get(nameOf(id)) ?? 0) + lasted);
  });
  return [...sums].map(([name, sum]) => [name, sum / whole]).sort((a, b) => b[1] - a[1]);
}
