// Fax ends over T.38: how many at once and what they cost beside those over modems, and what is left of pages over networks that lose.
// Fax ends over modems in real time are among the engine's figures.
import { measure, prepare } from '../engine/programs.mjs';

const ENDS = 300;
const GOAL_ENDS_PER_CORE = 1000;
const GOAL_CPU_MS = 2;
const IMPAIRED = 400;
const GOAL_RIGHT = 98;

async function t38(report) {
  await prepare(report);
  const [run] = await measure('fax', '--t38', '--ends', String(ENDS), '--realtime');
  report.add('t38EndsAtOnce', run.ends, 'ends', ENDS);
  // One end of a call sends, the other receives.
  report.add('t38PagesIdentical', run.identicalPages, 'pages', ENDS / 2);
  report.add('t38EndsFailed', run.failedEnds, 'ends', 0, 'exactly');
  report.add('t38Underruns', run.underruns, 'blocks', 0, 'exactly');
  report.add('t38CpuMsPerFaxSecond', run.cpuMsPerFaxSecond, 'ms', GOAL_CPU_MS, 'most');
  // Both ends of a fax, so two.
  report.add('t38EndsPerCore', Math.floor(2000 / run.cpuMsPerFaxSecond), 'ends', GOAL_ENDS_PER_CORE);
}

async function modems(report) {
  await prepare(report);
  const [run] = await measure('fax', '--ends', String(ENDS));
  report.add('modemPagesIdentical', run.identicalPages, 'pages', ENDS / 2);
  report.add('modemCpuMsPerFaxSecond', run.cpuMsPerFaxSecond, 'ms', GOAL_CPU_MS, 'most');
}

async function impaired(report) {
  await prepare(report);
  const [run] = await measure('fax', '--impaired', String(IMPAIRED));
  report.add('t38ImpairedPages', run.impairedPages, 'pages');
  report.add('t38ImpairedLost', 100 * run.impairedLost, '%');
  report.add('t38ImpairedRight', (100 * run.impairedRight) / run.impairedPages, '%', GOAL_RIGHT);
}

export const parts = { t38, modems, impaired };
