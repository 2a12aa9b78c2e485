// The technician's bench: lines that are measured, cases, what came of them, and the signed report. The rig file of the command
// line has the same form as a run that the page begins.
import { z } from 'zod';
import { AlarmKind } from './hardware.js';
import { DisplayName, DurationMs, TimeMs, Ulid } from './primitives.js';

export const DIAGNOSTIC_CASES = [
  'inventory',
  'alarms',
  'line-errors',
  'clock',
  'level',
  'frequency-response',
  'noise',
  'echo',
  'digits',
  'delay',
  'bit-errors',
  'remote-loop',
  'calls',
  'ring',
  'fax',
  'load',
] as const;
export const DiagnosticCaseId = z.enum(DIAGNOSTIC_CASES).meta({ id: 'DiagnosticCaseId' });
export type DiagnosticCaseId = z.infer<typeof DiagnosticCaseId>;

const SpanOfEngine = z.int().min(1).max(512);
const AnalogOfEngine = z.int().min(1).max(65_535);

/** What hangs at the other end of a line. */
export const DiagnosticFar = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('cable'), span: SpanOfEngine }),
    z.strictObject({ kind: z.literal('plug') }),
    z.strictObject({ kind: z.literal('remote') }),
    z.strictObject({ kind: z.literal('none') }),
  ])
  .meta({
    id: 'DiagnosticFar',
    description:
      'cable: another E1 of this box; plug: a loop plug; remote: the far equipment loops every timeslot; none: nothing, or something that is not measured',
  });
export type DiagnosticFar = z.infer<typeof DiagnosticFar>;

const Offset = z.number().min(-20).max(20);

export const DiagnosticSpan = z
  .strictObject({
    span: SpanOfEngine,
    far: DiagnosticFar,
    lossDb: Offset.optional().meta({ description: 'Loss that the line is to have, dB; default 0' }),
  })
  .meta({ id: 'DiagnosticSpan' });
export type DiagnosticSpan = z.infer<typeof DiagnosticSpan>;

export const DiagnosticPair = z
  .strictObject({
    station: AnalogOfEngine.meta({ description: 'FXS port' }),
    line: AnalogOfEngine.meta({ description: 'FXO port that hangs on it' }),
    lossDb: Offset.optional().meta({ description: 'Loss that the pair is to have, dB; default 0' }),
  })
  .meta({ id: 'DiagnosticPair', description: 'An FXS port and the FXO port that a cable joins with it' });
export type DiagnosticPair = z.infer<typeof DiagnosticPair>;

const Serial = z.strictObject({
  board: z.string().min(1).max(120).meta({ description: 'Place of the board, as the inventory names it' }),
  serial: z.string().min(1).max(60),
});

/** The rig file, and the body of POST /diagnostics/run. */
export const DiagnosticRig = z
  .strictObject({
    spans: z.array(DiagnosticSpan).max(64).default([]),
    pairs: z.array(DiagnosticPair).max(256).default([]),
    cases: z.array(DiagnosticCaseId).optional().meta({ description: 'Left out: all that fit' }),
    seconds: z
      .int()
      .min(2)
      .max(259_200)
      .default(15)
      .meta({ description: 'Length of the bit-error test and of the load, s' }),
    technician: DisplayName.optional(),
    site: DisplayName.optional(),
    serials: z.array(Serial).max(64).default([]).meta({ description: 'Of boards that do not tell theirs' }),
    attended: z
      .boolean()
      .default(false)
      .meta({ description: 'Ask for cables and plugs and wait; false: everything is in its place' }),
    endCalls: z
      .boolean()
      .default(false)
      .meta({ description: 'End calls on these lines; false: they keep the run from beginning' }),
  })
  .meta({ id: 'DiagnosticRig' });
export type DiagnosticRig = z.infer<typeof DiagnosticRig>;
export type DiagnosticRigInput = z.input<typeof DiagnosticRig>;

export const DIAGNOSTIC_MEASURES = [
  'spansFound',
  'channels',
  'alarmsNow',
  'alarmsLately',
  'crc4Errors',
  'eBits',
  'framingErrors',
  'codingViolations',
  'clockPpm',
  'levelDbm0',
  'levelOffDb',
  'frequencyOffHz',
  'responseDb',
  'noiseDbm0',
  'distortionDb',
  'echoLossDb',
  'digitsHeard',
  'delayMs',
  'bits',
  'bitErrors',
  'errorRatio',
  'erroredSecondsShare',
  'severelyErroredShare',
  'unavailableSeconds',
  'degradedMinutesShare',
  'slips',
  'patternLosses',
  'timeslotsGood',
  'setupMs',
  'ringMs',
  'callerId',
  'pagesGood',
  'bitRate',
  'ticksMissed',
  'tickP99Us',
  'latenessP99Us',
  'cpuPercent',
] as const;
export type DiagnosticMeasureName = (typeof DIAGNOSTIC_MEASURES)[number];

export const DiagnosticMeasure = z
  .strictObject({
    name: z.enum(DIAGNOSTIC_MEASURES),
    at: z.string().meta({ description: 'Where, when it is not of the whole line: "TS 5", "404 Hz"' }),
    value: z.union([z.number(), z.string()]),
    unit: z.string(),
    low: z.number().nullable(),
    high: z.number().nullable(),
    standard: z.string().meta({ description: 'Where the limit comes from; empty: no limit' }),
    passed: z.boolean().nullable().meta({ description: 'null: there is no limit' }),
  })
  .meta({ id: 'DiagnosticMeasure' });
export type DiagnosticMeasure = z.infer<typeof DiagnosticMeasure>;

export const DIAGNOSTIC_REASONS = [
  'noFarEnd',
  'notOnVirtual',
  'noSignalling',
  'inAlarm',
  'loopDoesNotSignal',
  'wrongSignalling',
  'lineTaken',
  'cancelled',
  'fault',
  'skippedByHand',
  'nothingHeard',
] as const;
export const DiagnosticReason = z.enum(DIAGNOSTIC_REASONS).meta({ id: 'DiagnosticReason' });
export type DiagnosticReason = z.infer<typeof DiagnosticReason>;

export const DiagnosticResult = z
  .strictObject({
    case: DiagnosticCaseId,
    line: z.string().meta({ description: 'Name of the line; empty: the whole box' }),
    outcome: z.enum(['passed', 'failed', 'skipped', 'told']).meta({ description: 'told: nothing that could fail' }),
    reason: DiagnosticReason.nullable(),
    detail: z.string().meta({ description: 'What the engine said, or further facts' }),
    measures: z.array(DiagnosticMeasure),
    startedAt: TimeMs,
    lastedMs: DurationMs,
  })
  .meta({ id: 'DiagnosticResult' });
export type DiagnosticResult = z.infer<typeof DiagnosticResult>;

export const DIAGNOSTIC_STEPS = ['insertPlug', 'connectCable', 'loopFarEnd', 'removePlugs'] as const;
export const DiagnosticStep = z
  .strictObject({
    id: z.int().min(1),
    kind: z.enum(DIAGNOSTIC_STEPS),
    line: z.string(),
    other: z.string().meta({ description: 'The other end of a cable' }),
  })
  .meta({ id: 'DiagnosticStep', description: 'What the technician is to do now' });
export type DiagnosticStep = z.infer<typeof DiagnosticStep>;

export const DiagnosticRun = z
  .strictObject({
    id: Ulid,
    startedAt: TimeMs,
    endedAt: TimeMs.nullable(),
    state: z.enum(['running', 'waiting', 'passed', 'failed', 'cancelled']),
    step: DiagnosticStep.nullable(),
    now: z.strictObject({ case: DiagnosticCaseId, line: z.string(), share: z.number().min(0).max(1) }).nullable(),
    done: z.int(),
    planned: z.int(),
    results: z.array(DiagnosticResult),
  })
  .meta({ id: 'DiagnosticRun' });
export type DiagnosticRun = z.infer<typeof DiagnosticRun>;

export const DiagnosticContinue = z
  .strictObject({ step: z.int().min(1), done: z.boolean().meta({ description: 'false: this line is left out' }) })
  .meta({ id: 'DiagnosticContinue' });

export const DiagnosticAlarm = z
  .strictObject({
    span: z.int(),
    name: z.string(),
    alarms: z.array(AlarmKind),
    startedAt: TimeMs,
    endedAt: TimeMs.nullable().meta({ description: 'null: it stands, or its end was not seen' }),
  })
  .meta({ id: 'DiagnosticAlarm' });
export type DiagnosticAlarm = z.infer<typeof DiagnosticAlarm>;

export const DiagnosticBoard = z
  .strictObject({
    board: z.string().meta({ description: 'Place: bus and slot; virtual: the virtual card' }),
    type: z.string(),
    manufacturer: z.string(),
    serial: z.string().meta({ description: 'Empty: it does not tell' }),
    spans: z.array(z.int()).meta({ description: 'Of this box' }),
  })
  .meta({ id: 'DiagnosticBoard' });
export type DiagnosticBoard = z.infer<typeof DiagnosticBoard>;

export const DiagnosticLine = z
  .strictObject({
    span: z.int(),
    name: z.string(),
    card: z.enum(['virtual', 'dahdi']),
    signalling: z.string(),
    alarms: z.array(AlarmKind),
    signallingUp: z.boolean(),
    calls: z.int().meta({ description: 'On it now' }),
    far: DiagnosticFar.meta({ description: 'What is known of its other end' }),
  })
  .meta({ id: 'DiagnosticLine' });
export type DiagnosticLine = z.infer<typeof DiagnosticLine>;

export const DiagnosticInventory = z
  .strictObject({
    boxSerial: z.string(),
    driver: z.string().meta({ description: 'Version of the DAHDI driver; empty: not loaded' }),
    boards: z.array(DiagnosticBoard),
    lines: z.array(DiagnosticLine),
    pairs: z.array(
      z
        .strictObject({ station: z.int(), line: z.int(), name: z.string(), calls: z.int() })
        .meta({ id: 'DiagnosticPairLine' }),
    ),
  })
  .meta({ id: 'DiagnosticInventory' });
export type DiagnosticInventory = z.infer<typeof DiagnosticInventory>;

export const DiagnosticReport = z
  .strictObject({
    format: z.literal('cordboard-acceptance-1'),
    id: Ulid,
    version: z.string(),
    boxSerial: z.string(),
    hostname: z.string(),
    technician: z.string(),
    site: z.string(),
    startedAt: TimeMs,
    endedAt: TimeMs,
    passed: z.boolean(),
    cancelled: z.boolean(),
    rig: DiagnosticRig,
    inventory: DiagnosticInventory,
    alarms: z.array(DiagnosticAlarm),
    results: z.array(DiagnosticResult),
  })
  .meta({ id: 'DiagnosticReport' });
export type DiagnosticReport = z.infer<typeof DiagnosticReport>;

export const SignedDiagnosticReport = z
  .strictObject({
    report: DiagnosticReport,
    signature: z.strictObject({
      algorithm: z.literal('Ed25519'),
      publicKey: z.string().max(200).meta({ description: 'SPKI, DER, base64' }),
      fingerprint: z.string().max(100).meta({ description: 'SHA-256 of the public key, hexadecimal' }),
      value: z
        .string()
        .max(200)
        .meta({ description: 'Of the report as JSON with sorted names and without spaces, base64' }),
    }),
  })
  .meta({ id: 'SignedDiagnosticReport' });
export type SignedDiagnosticReport = z.infer<typeof SignedDiagnosticReport>;

export const DiagnosticReportEntry = z
  .strictObject({
    id: Ulid,
    startedAt: TimeMs,
    endedAt: TimeMs,
    technician: z.string(),
    passed: z.boolean(),
    cancelled: z.boolean(),
    failed: z.int(),
    cases: z.int(),
  })
  .meta({ id: 'DiagnosticReportEntry' });
export type DiagnosticReportEntry = z.infer<typeof DiagnosticReportEntry>;

export const DiagnosticVerdict = z
  .strictObject({
    valid: z.boolean(),
    why: z.enum(['good', 'changed', 'notAReport', 'otherKey']).meta({
      description: 'otherKey: signed well, but with the key of another box',
    }),
    fingerprint: z.string(),
    ownFingerprint: z.string(),
    entry: DiagnosticReportEntry.nullable(),
  })
  .meta({ id: 'DiagnosticVerdict' });
export type DiagnosticVerdict = z.infer<typeof DiagnosticVerdict>;

export const DiagnosticCaseInfo = z
  .strictObject({
    id: DiagnosticCaseId,
    name: z.string(),
    about: z.string(),
    needs: z.enum(['box', 'span', 'pair', 'line']).meta({ description: 'line: an E1 or an analog pair' }),
  })
  .meta({ id: 'DiagnosticCaseInfo' });
export type DiagnosticCaseInfo = z.infer<typeof DiagnosticCaseInfo>;
