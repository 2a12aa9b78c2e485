// Of settings.json: what analog ports are set to, by the custom of the country and otherwise.
import type { AnalogConfig } from '@cordboard/native';
import { z } from 'zod';
import { MESSAGE_LAMPS } from '../contract/index.js';

const ms = (least: number, most: number) => z.int().min(least).max(most).optional();

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
  /** by what its message lamp is lit */
  lamp: z.enum(MESSAGE_LAMPS).optional(),
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
  callerId: z.enum([...CALLER_ID, 'country']).optional(),
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
    const { callerId, releaseOnBusy, echoTaps, line, station } = byNumber.get(analog) ?? {};
    return given<AnalogChoices>({
      ...{ callerId: callerId === 'country' ? (custom.callerId ?? 'none') : callerId, releaseOnBusy, echoTaps },
      line: { ...given<object>(custom.line ?? {}), ...given<object>(line ?? {}) },
      station: { ...given<object>(custom.station ?? {}), ...given<object>(station ?? {}) },
    });
  };
}

/** Without what was left out. */
function given<T extends object>(values: { [K in keyof T]?: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as T;
}
