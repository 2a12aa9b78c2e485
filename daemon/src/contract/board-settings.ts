// Of settings.json, and what pages change of it: which boards behind the DAHDI driver are the box's, and how their lines are set up.
import { z } from 'zod';
import { formats } from './formats.js';

const unique = (numbers: readonly number[]): boolean => new Set(numbers).size === numbers.length;

/** Software cancellers of the driver, and that of the board (hwec). */
export const ECHO_CANCELLERS = ['none', 'hwec', 'mg2', 'kb1', 'sec', 'sec2', 'jpah', 'oslec'] as const;

/** By what a telephone's message lamp is lit: pulses for a neon lamp, the polarity of its loop, a message by FSK. */
export const MESSAGE_LAMPS = ['none', 'neon', 'polarity', 'fsk'] as const;
/** Those that take a board which can; FSK is sound. */
export const WIRE_LAMPS = ['neon', 'polarity'] as const;

/** As the driver names a board's place ("PCI Bus 02 Slot 05"); only compared, never written into a file. */
const Place = z.string().trim().min(1).max(128);

/** An E1 of a board as one of the box's, numbered behind the virtual ones. */
export const BoardSpan = z
  .strictObject({
    card: z.literal('dahdi').default('dahdi'),
    span: z.int().min(1).max(100),
    /** number of the span within the driver */
    device: z.int().min(1).max(128),
    /** where its board was when it was set up: another board in its place is noticed */
    location: Place.optional(),
    name: z.string().trim().min(1).max(64).optional(),
    /** which end of the D-channel is here; an exchange is the network */
    side: z.enum(['user', 'network']).default('user'),
    /** G.704 2.3.3; both ends must have it or none */
    crc4: z.boolean().default(true),
    lineCode: z.enum(['hdb3', 'ami']).default('hdb3'),
    /** 0: the line's clock is never taken; 1 first choice, 2 second, …; left out: user takes it in the order of the spans, network gives it */
    clock: z.int().min(0).max(15).optional(),
    /** of system.conf: 0 up to 40 m, …, 7 -22.5 dB */
    lineBuildOut: z.int().min(0).max(7).default(0),
    echoCanceller: z.enum(ECHO_CANCELLERS).default('none'),
    /** samples of 125 us */
    echoTaps: z.int().min(32).max(1024).default(128),
    /** gain in dB; with 0 no octet is changed */
    receivedDb: z.number().min(-24).max(24).default(0),
    sentDb: z.number().min(-24).max(24).default(0),
  })
  .meta({ id: 'BoardSpan' });
export type BoardSpan = z.output<typeof BoardSpan>;

/** An analog port of a board, numbered behind the virtual telephones; of fxs: the telephone's number. What it is set to stands in `analogs`. */
export const BoardPort = z
  .strictObject({
    card: z.literal('dahdi').default('dahdi'),
    analog: z.int().min(1).max(9_999),
    /** number of the channel within the driver */
    channel: z.int().min(1).max(1023),
    location: Place.optional(),
    name: z.string().trim().min(1).max(64).optional(),
    /** fxs: a telephone hangs there; fxo: an exchange does */
    kind: z.enum(['fxs', 'fxo']),
  })
  .meta({ id: 'BoardPort' });
export type BoardPort = z.output<typeof BoardPort>;

/** Tenths of a decibel in the driver's options, decibels here. */
const ModuleGain = z.number().min(-15).max(12).multipleOf(0.1).default(0);

/** Boards behind the DAHDI driver. */
export const BoardsSetting = z
  .strictObject({
    spans: z.array(BoardSpan).max(100).default([]),
    ports: z.array(BoardPort).max(512).default([]),
    /** impedance and levels of analog ports, as the drivers name countries; left out: that of the box's country */
    opermode: z
      .string()
      .regex(/^[A-Z][A-Z0-9]{1,15}$/, formats.operMode)
      .optional(),
    /** of analog modules, in dB */
    gains: z
      .strictObject({ fxsReceived: ModuleGain, fxsSent: ModuleGain, fxoReceived: ModuleGain, fxoSent: ModuleGain })
      .prefault({}),
    /** the boards are joined by a timing cable */
    timingCable: z.boolean().default(false),
    /** of 20 ms that a timeslot has in the driver, each way */
    buffers: z.int().min(2).max(32).default(8),
    /** so many of them are kept full on the way out: the longest stall that is not heard, and a delay */
    ahead: z.int().min(1).max(31).default(2),
  })
  .prefault({})
  .refine(({ spans }) => unique(spans.map(({ span }) => span)) && unique(spans.map(({ device }) => device)), {
    ...{ path: ['spans'], message: formats.once },
  })
  .refine(({ ports }) => unique(ports.map(({ analog }) => analog)) && unique(ports.map(({ channel }) => channel)), {
    ...{ path: ['ports'], message: formats.once },
  })
  .refine(({ buffers, ahead }) => ahead < buffers, { path: ['ahead'], message: formats.boardsAhead });
export type BoardsSetting = z.output<typeof BoardsSetting>;
