// Of settings.json: what E1s and analog ports are set to beyond what they are.
import type { AnalogConfig, PriConfig, R2Config, SpanConfig } from '@cordboard/native';
import { z } from 'zod';
import { R2Choices, readR2 } from './r2.js';

const ms = (least: number, most: number) => z.int().min(least).max(most).optional();

/** ISDN primary rate; what is left out is as the engine has it (docs/cards.md). */
const PriChoices = z.strictObject({
  protocol: z.enum(['euroisdn', 'qsig', 'national']).optional(),
  /** digits of calls in may follow one by one */
  overlap: z.boolean().optional(),
  /** E1 whose D-channel signals the calls of this one */
  dchannelOf: z.int().min(0).max(100).optional(),
  interfaceId: z.int().min(0).max(127).optional(),
  /** its timeslot 16 is the back-up of that D-channel */
  backup: z.boolean().optional(),
  t203Ms: ms(500, 60_000),
  t302Ms: ms(1000, 60_000),
  t303Ms: ms(500, 60_000),
  t305Ms: ms(500, 60_000),
  t308Ms: ms(500, 60_000),
  t309Ms: ms(1000, 300_000),
  t310Ms: ms(0, 600_000),
  t313Ms: ms(500, 60_000),
});

export const E1Setting = z.strictObject({
  span: z.int().min(1).max(64),
  signalling: z.enum(['pri', 'r2']).default('pri'),
  pri: PriChoices.prefault({}),
  /** file of firmware-config/r2 */
  r2: R2Choices.extend({
    protocol: z
      .string()
      .regex(/^[a-z]{2,3}$/)
      .default('cn'),
  }).prefault({}),
});
export type E1Setting = z.input<typeof E1Setting>;

export type SpanSignallingConfig = Pick<SpanConfig, 'signalling' | 'pri' | 'r2' | 't203Ms' | 't309Ms'>;

/** By number of the E1; those that are not named are ISDN primary rate. AppErrors of readR2. */
export function readE1s(settings: readonly E1Setting[], folder: string): ReadonlyMap<number, SpanSignallingConfig> {
  return new Map(settings.map((setting) => [setting.span, signallingOf(E1Setting.parse(setting), folder)]));
}

function signallingOf({ signalling, pri, r2 }: z.output<typeof E1Setting>, folder: string): SpanSignallingConfig {
  if (signalling === 'r2') {
    const { protocol, ...choices } = r2;
    return { signalling, r2: { ...readR2(protocol, folder), ...given<R2Config>(choices) } };
  }
  const { t203Ms, t309Ms, ...choices } = pri;
  return {
    ...{ signalling, ...given<Pick<SpanConfig, 't203Ms' | 't309Ms'>>({ t203Ms, t309Ms }) },
    pri: given<PriConfig>(choices),
  };
}

const CALLER_ID = ['none', 'bell202', 'v23', 'dtmf', 'auto'] as const;

/** An exchange line (FXO). */
const LineChoices = z.strictObject({
  answer: z.enum(['dialled', 'polarity', 'tone']).optional(),
  dialling: z.enum(['tone', 'pulse']).optional(),
  checkDialTone: z.boolean().optional(),
  dialToneMs: ms(1000, 30_000),
  digitMs: ms(40, 500),
  breakMs: ms(20, 100),
  makeMs: ms(20, 100),
  betweenDigitsMs: ms(300, 2000),
  ringMinMs: ms(0, 2000),
  callerIdStart: z.enum(['ring', 'polarity']).optional(),
});

/** A telephone (FXS). */
const StationChoices = z.strictObject({
  callerIdBeforeRing: z.boolean().optional(),
  disconnectMs: ms(0, 2000),
  reverseOnAnswer: z.boolean().optional(),
});

/** What analog ports are by the custom of a country; of firmware-config/countries. */
export const AnalogCustom = z.strictObject({
  callerId: z.enum(CALLER_ID).optional(),
  line: LineChoices.optional(),
  station: StationChoices.optional(),
});
export type AnalogCustom = z.infer<typeof AnalogCustom>;

export const AnalogSetting = z.strictObject({
  analog: z.int().min(1).max(9999),
  /** country: as its exchanges do */
  callerId: z.enum([...CALLER_ID, 'country']).default('none'),
  releaseOnBusy: z.boolean().optional(),
  /** samples of 125 us; 0: none */
  echoTaps: z.int().min(0).max(512).optional(),
  line: LineChoices.prefault({}),
  station: StationChoices.prefault({}),
});
export type AnalogSetting = z.output<typeof AnalogSetting>;

export type AnalogChoices = Pick<AnalogConfig, 'callerId' | 'releaseOnBusy' | 'echoTaps' | 'line' | 'station'>;

/** What the country has, and over it what is chosen for a port; for one that is not named what the country has. */
export function readAnalogs(
  settings: readonly AnalogSetting[],
  custom: AnalogCustom,
): (analog: number) => AnalogChoices {
  const byNumber = new Map(settings.map((setting) => [setting.analog, setting]));
  return (analog) => {
    const { callerId = 'none', releaseOnBusy, echoTaps, line = {}, station = {} } = byNumber.get(analog) ?? {};
    return {
      callerId: callerId === 'country' ? (custom.callerId ?? 'none') : callerId,
      ...given<Pick<AnalogConfig, 'releaseOnBusy' | 'echoTaps'>>({ releaseOnBusy, echoTaps }),
      line: { ...given<object>(custom.line ?? {}), ...given<object>(line) },
      station: { ...given<object>(custom.station ?? {}), ...given<object>(station) },
    };
  };
}

/** Without what was left out. */
function given<T extends object>(values: { [K in keyof T]?: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
