// Calls on every timeslot, ringing with caller identification, and a fax.
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DIAGNOSTIC_SETTINGS_LIMIT, type DiagnosticMeasure } from '../../contract/index.js';
import { runBits } from '../bit-run.js';
import type { EngineEvents } from '../../engine/index.js';
import { CallDesk, CallFailed, patiently, type CallPlan } from '../calls.js';
import { measure, same, skipped, type Case, type CaseContext, type Found } from '../case.js';
import type { SpanLine } from '../line.js';
import { testPage } from '../test-page.js';

const NUMBER = '95001';
const CALLER = '13800138000';
/** Calls at a time; a slow signalling gets all of them done in some minutes all the same. */
const AT_A_TIME = 10;
const UP_WITHIN_MS = 20_000;
const FAX_MS = 120_000;

/** undefined: calls can be made from end to end. */
async function cannotCall({ engine, clock, signal }: CaseContext, line: SpanLine): Promise<Found | undefined> {
  const { far } = line.spec;
  if (far.kind === 'none') return skipped('noFarEnd');
  if (far.kind !== 'cable') return skipped('loopDoesNotSignal');
  for (const sinceMs = clock.monotonicMs(); ; await clock.sleep(200, signal)) {
    const { spans } = await engine.command('engine.snapshot', {});
    const ends = spans.filter(({ span }) => span === line.span || span === line.farSpan);
    if (new Set(ends.map(({ signalling }) => signalling)).size > 1) return { measures: [], reason: 'wrongSignalling' };
    if (ends.every(({ dchannelUp }) => dchannelUp)) return undefined;
    if (clock.monotonicMs() - sinceMs < UP_WITHIN_MS) continue;
    const alarm = ends.some(({ alarms }) => alarms.length > 0);
    return { measures: [], reason: alarm ? 'inAlarm' : 'noSignalling' };
  }
}

/** The side of a line that is called on this timeslot: by turns, so that both ends set up and both take calls. */
function planOf(line: SpanLine, timeslot: number): CallPlan {
  const outwards = timeslot % 2 === 1;
  const [from, to] = outwards ? [line.span, line.farSpan ?? 0] : [line.farSpan ?? 0, line.span];
  return {
    from: { span: from, timeslot },
    isOther: (offered) => offered.span === to && offered.timeslot === timeslot,
    ...{ calledNumber: NUMBER, callingNumber: CALLER },
  };
}

export const callsCase: Case = {
  id: 'calls',
  needs: 'span',
  async run(context, line) {
    const cannot = await cannotCall(context, line);
    if (cannot !== undefined) return cannot;
    const desk = new CallDesk(context);
    const bad: DiagnosticMeasure[] = [];
    const waiting = [...line.slots];
    let [good, done, slowestMs] = [0, 0, 0];
    let detail = '';
    const one = async ({ timeslot }: SpanLine['slots'][number]): Promise<void> => {
      const at = `TS ${timeslot}`;
      try {
        const call = await desk.call(planOf(line, timeslot));
        slowestMs = Math.max(slowestMs, call.setupMs);
        const { figures } = await runBits({
          ...context,
          progress: () => undefined,
          ports: [call.out.port, call.into.port],
          seconds: 1,
        });
        await call.end();
        const errors = figures.reduce((sum, each) => sum + (each?.inStep === true ? each.errors : 1), 0);
        if (errors === 0) good += 1;
        else bad.push(measure('bitErrors', errors, 'bit', { high: 0, standard: 'O.151' }, at));
      } catch (error) {
        context.signal.throwIfAborted();
        detail = error instanceof Error ? error.message : String(error);
        bad.push(measure('timeslotsGood', 0, '', { low: 1, standard: 'Q.931' }, `${at}: ${detail}`));
      }
      done += 1;
      context.progress(done / line.slots.length);
    };
    const worker = async (): Promise<void> => {
      for (let slot = waiting.shift(); slot !== undefined; slot = waiting.shift()) await one(slot);
    };
    try {
      await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    } finally {
      desk.close();
    }
    const all = line.slots.length;
    return {
      measures: [
        measure('timeslotsGood', good, '', { low: all, standard: 'Q.931, Q.400' }),
        measure('setupMs', slowestMs, 'ms', { high: 20_000, standard: 'Q.543' }),
        ...bad,
      ],
      detail,
    };
  },
};

const CALLER_ID_MODES = [
  ['v23', 'ETS 300 659-1'],
  ['bell202', 'GR-30, YDN 069'],
  ['dtmf', 'ETS 300 659-1'],
] as const;

export const ringCase: Case = {
  id: 'ring',
  needs: 'pair',
  async run(context, line) {
    const desk = new CallDesk(context);
    try {
      const call = await desk.call({
        from: { analog: line.spec.station },
        isOther: (offered) => offered.analog === line.spec.line,
        ...{ calledNumber: '', callingNumber: CALLER, callingName: 'TEST 1' },
      });
      const measures = [measure('ringMs', call.setupMs, 'ms', { high: 10_000, standard: DIAGNOSTIC_SETTINGS_LIMIT })];
      // What came with the ringing, where both ports are set up for it; then each way of telling it, over the line.
      const { callingNumber } = call.offered;
      if (callingNumber !== '') measures.push(same('callerId', callingNumber, CALLER, 'ETS 300 659-1', ''));
      for (const [turn, [mode, standard]] of CALLER_ID_MODES.entries()) {
        const ports = { send: call.out.port, receive: call.into.port };
        const { number } = await context.engine.command('probe.callerId', { ...ports, mode, number: CALLER });
        measures.push(same('callerId', number, CALLER, standard, mode.toUpperCase()));
        context.progress((turn + 1) / CALLER_ID_MODES.length);
      }
      await call.end();
      return { measures };
    } catch (error) {
      context.signal.throwIfAborted();
      if (!(error instanceof CallFailed)) throw error;
      return { measures: [], reason: 'nothingHeard', detail: error.message };
    } finally {
      desk.close();
    }
  },
};

export const faxCase: Case = {
  id: 'fax',
  needs: 'span',
  async run(context, line) {
    const cannot = await cannotCall(context, line);
    if (cannot !== undefined) return cannot;
    const slot = line.slots[0];
    if (slot === undefined) return skipped('noFarEnd');
    const { engine, folder, progress } = context;
    const [sendFile, receiveFile] = [join(folder, 'sent.tif'), join(folder, `received-${line.span}.tif`)];
    await writeFile(sendFile, testPage());
    const desk = new CallDesk(context);
    try {
      const call = await desk.call(planOf(line, slot.timeslot));
      progress(0.1);
      const { fax } = await engine.command('fax.start', { port: call.into.port, calling: false, receiveFile });
      await engine.command('fax.start', { port: call.out.port, calling: true, sendFile });
      const ended = await patiently<EngineEvents['fax.ended']>(context, 'fax.ended', FAX_MS, (resolve) => [
        engine.events.on('fax.ended', (told) => {
          if (told.fax === fax) resolve(told);
        }),
        engine.events.on('fax.page', () => progress(0.8)),
      ]);
      await call.end();
      return {
        measures: [
          measure('pagesGood', ended.ok && existsSync(receiveFile) ? ended.pagesReceived : 0, '', {
            low: 1,
            standard: 'T.30',
          }),
          measure('bitRate', ended.bitRate, 'bit/s', { low: 9600, standard: 'T.30, V.17' }),
        ],
        detail: ended.text,
      };
    } finally {
      desk.close();
    }
  },
};
