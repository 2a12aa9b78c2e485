// Boards behind the DAHDI driver: what there is, what of it the box uses, and how the driver is set up for it.
import { z } from 'zod';
import { BoardsSetting, WIRE_LAMPS } from './board-settings.js';
import { AlarmKind } from './hardware.js';
import { TimeMs } from './primitives.js';

const Both = z.strictObject({ en: z.string(), zh: z.string() });

/** What a driver is set up for by steps; the one at which it stopped. */
export const BoardsStep = z
  .enum(['stop', 'write', 'unload', 'load', 'find', 'try', 'configure', 'check', 'back', 'start'])
  .meta({ id: 'BoardsStep' });
export type BoardsStep = z.infer<typeof BoardsStep>;

export const BoardsApplied = z
  .strictObject({
    state: z.enum(['waiting', 'running', 'done', 'rolledBack', 'broken']).meta({
      description:
        'waiting: asked for, and nobody has begun; rolledBack: a step failed and everything is as before; broken: it is not',
    }),
    startedAt: TimeMs,
    endedAt: TimeMs.nullable(),
    step: BoardsStep.nullable().meta({ description: 'that failed' }),
    output: z.string().meta({ description: 'what the command said' }),
    warnings: z.array(Both),
  })
  .meta({ id: 'BoardsApplied' });
export type BoardsApplied = z.infer<typeof BoardsApplied>;

/** An E1 that is signalled otherwise than by ISDN primary rate; what its signalling may be told is checked by the settings. */
export const BoardE1 = z
  .looseObject({
    span: z.int().min(1).max(64),
    signalling: z.string().max(20),
    r2: z.looseObject({ protocol: z.string().max(3).optional() }).optional(),
    pri: z.looseObject({ protocol: z.string().max(20).optional() }).optional(),
    ss7: z.looseObject({ linkSet: z.string().max(64).optional(), firstCircuit: z.int().optional() }).optional(),
  })
  .meta({ id: 'BoardE1' });
export type BoardE1 = z.infer<typeof BoardE1>;

/** Signalling links of No. 7 to one other exchange; checked by the settings, too. */
export const BoardLinkSet = z
  .looseObject({
    name: z.string().max(64),
    variant: z.string().max(20).optional(),
    network: z.string().max(20).optional(),
    pointCode: z.string().max(20),
    destination: z.string().max(20),
    adjacent: z.string().max(20).optional(),
    links: z.array(z.looseObject({ span: z.int(), timeslot: z.int().optional(), code: z.int().optional() })).max(2),
    calledNature: z.string().max(20).optional(),
    callingNature: z.string().max(20).optional(),
    checkEvery: z.int().optional(),
  })
  .meta({ id: 'BoardLinkSet' });
export type BoardLinkSet = z.infer<typeof BoardLinkSet>;

/** What an analog port is set to otherwise than the country has it; checked by the settings, too. */
export const BoardAnalog = z
  .looseObject({
    analog: z.int().min(1).max(9999),
    callerId: z.string().max(20).optional(),
    releaseOnBusy: z.boolean().optional(),
    echoTaps: z.int().optional(),
    line: z
      .looseObject({
        answer: z.string().max(20).optional(),
        dialling: z.string().max(20).optional(),
        checkDialTone: z.boolean().optional(),
        callerIdStart: z.string().max(20).optional(),
      })
      .optional(),
    station: z
      .looseObject({
        callerIdBeforeRing: z.boolean().optional(),
        disconnectMs: z.int().optional(),
        reverseOnAnswer: z.boolean().optional(),
        lamp: z.string().max(20).optional(),
      })
      .optional(),
  })
  .meta({ id: 'BoardAnalog' });
export type BoardAnalog = z.infer<typeof BoardAnalog>;

export const FoundBoardSpan = z
  .strictObject({
    device: z.int().meta({ description: 'Number within the driver' }),
    name: z.string(),
    type: z.string().meta({ description: 'E1, T1, … as the driver says' }),
    alarms: z.array(AlarmKind),
    line: z.array(z.string()).meta({ description: 'How it is configured: HDB3, CCS, CRC4; empty: not at all' }),
    clock: z.int().meta({ description: 'Priority as a source of the clock; 0: none' }),
    span: z.int().nullable().meta({ description: 'E1 of the box that it is; null: it is not used' }),
  })
  .meta({ id: 'FoundBoardSpan' });
export type FoundBoardSpan = z.infer<typeof FoundBoardSpan>;

export const FoundBoardPort = z
  .strictObject({
    channel: z.int().meta({ description: 'Number within the driver' }),
    position: z.int().meta({ description: 'On its board, from 1' }),
    module: z.enum(['fxs', 'fxo']).nullable().meta({ description: 'null: none is fitted' }),
    analog: z.int().nullable().meta({ description: 'Port of the box that it is; null: it is not used' }),
  })
  .meta({ id: 'FoundBoardPort' });
export type FoundBoardPort = z.infer<typeof FoundBoardPort>;

export const FoundBoard = z
  .strictObject({
    id: z.string(),
    model: z.string().nullable().meta({ description: 'Name of its profile; null: there is none' }),
    maker: z.string(),
    name: z.string(),
    location: z.string(),
    module: z.string().nullable().meta({ description: 'Of the kernel, by its profile' }),
    source: z.enum(['dahdi', 'openvox', 'wanpipe', 'other']).nullable().meta({ description: 'Whose driver it is' }),
    driven: z.boolean().meta({ description: 'Its driver is loaded' }),
    firmware: z.array(z.string()),
    hardwareEcho: z.boolean().meta({ description: 'It has an echo canceller, or may have one' }),
    reverses: z
      .boolean()
      .nullable()
      .meta({ description: 'Its ports for telephones can reverse the polarity; null: it is not known' }),
    lamps: z
      .array(z.enum(WIRE_LAMPS))
      .nullable()
      .meta({ description: 'By what it can light the message lamp of a telephone; null: it is not known' }),
    advice: z.array(z.string()).meta({ description: 'Jumpers, cables, limits' }),
    unverified: z
      .array(z.string())
      .meta({ description: 'Fields of the profile that were not read from a driver or a manual' }),
    spans: z.array(FoundBoardSpan),
    ports: z.array(FoundBoardPort),
  })
  .meta({ id: 'FoundBoard' });
export type FoundBoard = z.infer<typeof FoundBoard>;

export const BoardsDraft = z
  .strictObject({
    settings: BoardsSetting,
    e1: z.array(BoardE1).max(64),
    analogs: z.array(BoardAnalog).max(1000),
    linkSets: z.array(BoardLinkSet).max(50).optional().meta({ description: 'Left out: they stay as they are' }),
  })
  .meta({
    id: 'BoardsDraft',
  });
export type BoardsDraft = z.infer<typeof BoardsDraft>;

export const BoardsState = z
  .strictObject({
    driver: z.string().nullable().meta({ description: 'Its version; null: it is not loaded' }),
    boards: z.array(FoundBoard),
    settings: BoardsSetting,
    e1: z.array(BoardE1),
    analogs: z.array(BoardAnalog),
    linkSets: z.array(BoardLinkSet),
    choices: z.strictObject({
      signallings: z.array(z.string()),
      r2: z.array(z.string()),
      opermodes: z.array(z.string()),
      opermode: z.string().nullable().meta({ description: "That of the box's country" }),
      nextSpan: z.int().meta({ description: 'Number of the next E1' }),
      nextPort: z.int().meta({ description: 'Number of the next analog port' }),
    }),
    problems: z.array(
      z.strictObject({
        code: z.string(),
        fault: z.boolean().meta({ description: 'Nothing is applied while it stands' }),
        span: z.int().nullable(),
        port: z.int().nullable(),
        text: z.string(),
      }),
    ),
    files: z.array(
      z.strictObject({
        path: z.string(),
        changed: z.boolean(),
        lines: z.array(z.strictObject({ sign: z.enum([' ', '+', '-']), text: z.string() })),
      }),
    ),
    restartNeeded: z.boolean().meta({ description: 'The box runs with other settings of its boards' }),
    applied: BoardsApplied.nullable().meta({ description: 'How the last time went' }),
    command: z.string().meta({ description: 'Does the same by hand, as root' }),
  })
  .meta({ id: 'BoardsState' });
export type BoardsState = z.infer<typeof BoardsState>;
