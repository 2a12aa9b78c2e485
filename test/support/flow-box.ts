// A box whose flows are laid down over REST, and callers who are asked what they heard: prompts are tones, and a recording is read as the
// tones that follow one another in it. The box is the compiled one, which begins sooner.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalApi } from '../../daemon/src/cli/local-api.js';
import type { FlowDefinitionInput, FlowTrace, JsonObject } from '../../daemon/src/contract/index.js';
import { startBox as startCompiledBox } from '../../daemon/dist/main.js';
import type { Box } from '../../daemon/src/main.js';
import { samplesOf } from './audio-match.js';
import { callIn, recordingOf, startTestBox, storedCall, type Ending } from './box.js';
import { until } from './turns.js';

export interface FlowBox {
  box: Box;
  api: LocalApi;
  /** Lets a flow live, and leads a number to it. */
  flow(number: string, definition: FlowDefinitionInput): Promise<string>;
  /** Calls, and resolves with what is known of the call when it is over. */
  whole(number: string, plan?: Parameters<typeof callIn>[1]): Promise<Story>;
  /** What is known of a call that is over, or is about to be. */
  story(callId: string): Promise<Story>;
}

export interface Story {
  callId: string;
  cause: number | null;
  releasedBy: string | null;
  segments: Awaited<ReturnType<typeof storedCall>>['segments'];
  traces: FlowTrace[];
  /** `node:why` of every step of the first trace */
  way: string[];
  /** Hz, in the order in which the caller heard them */
  tones: number[];
  /** what the caller heard, and what was heard of him */
  heard: Float64Array;
  said: Float64Array;
}

/** Hz of the prompts of the test box, and of ringing in China */
export const TONE = {
  ...{ welcome: 500, menu: 600, invalid: 700, noAgent: 800, goodbye: 900, fault: 1600 },
  ...{ in: 1000, out: 1100, ready: 1200, notReady: 1300, notSignedIn: 1400, ringback: 450 },
} as const;

export async function startFlowBox(
  ending: Ending,
  flows: JsonObject = {},
  env: Record<string, string> = {},
): Promise<FlowBox> {
  const home = mkdtempSync(join(tmpdir(), 'cordboard-flow-box-'));
  ending.onEnd(() => rmSync(home, { recursive: true, force: true }));
  writeFileSync(join(home, 'settings.json'), JSON.stringify({ version: 3, flows }));
  const box = await startTestBox({ home, env, start: startCompiledBox }, ending);
  const api = new LocalApi(home);
  const story = async (callId: string): Promise<Story> => {
    const { row, segments } = await storedCall(box, callId);
    const traces = await api.request<FlowTrace[]>('GET', `/calls/${callId}/flow-traces`);
    const file = await recordingOf(box, callId);
    const heard = samplesOf(file, 2);
    return {
      ...{ callId, cause: row.cause, releasedBy: row.releasedBy, segments, traces, heard, said: samplesOf(file, 1) },
      way: traces[0]?.steps.map(({ node, why }) => `${node}:${why}`) ?? [],
      tones: tonesIn(heard),
    };
  };
  return {
    ...{ box, api, story },
    async flow(number, definition) {
      const id = `flow-${number}`;
      const { version } = await api.request<{ version: number }>('PUT', `/flows/${id}`, { name: id, definition });
      await until(() => box.flows.live(id)?.version === version, `${id} is in force`);
      if (version === 1) await api.request('POST', '/routes', { calledNumber: number, flowId: id, language: 'en' });
      return id;
    },
    async whole(number, plan = {}) {
      const { callId } = await callIn(box, { calledNumber: number, ...plan });
      return story(callId);
    },
  };
}

const BLOCK = 640;
/** of the power: nothing else is to be heard */
const PURE = 0.7;
const AUDIBLE = 200;

/** The tones of the test box in their order; one that goes on is one. */
export function tonesIn(samples: Float64Array): number[] {
  const tones: number[] = [];
  let last: number | undefined;
  for (let at = 0; at + BLOCK <= samples.length; at += BLOCK / 2) {
    const block = samples.subarray(at, at + BLOCK);
    const tone = Object.values(TONE).find((hertz) => shareOf(block, hertz) > PURE);
    if (tone !== undefined && tone !== last && tones.at(-1) !== tone) tones.push(tone);
    last = tone;
  }
  return tones;
}

/** Goertzel: how strong one frequency is, as a share of all there is. */
export function shareOf(samples: Float64Array, hertz: number): number {
  const factor = 2 * Math.cos((2 * Math.PI * hertz) / 8000);
  let [one, two, all] = [0, 0, 0];
  for (const sample of samples) {
    [one, two] = [sample + factor * one - two, one];
    all += sample * sample;
  }
  if (all < samples.length * AUDIBLE * AUDIBLE) return 0;
  return (2 * (one * one + two * two - factor * one * two)) / (all * samples.length);
}
