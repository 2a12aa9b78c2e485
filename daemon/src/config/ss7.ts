// Link sets of signalling system No. 7 as they stand in settings.json.
import type { LinkSetConfig, Ss7SpanConfig } from '@cordboard/native';
import { z } from 'zod';
import { formats } from '../contract/index.js';

export type Ss7VariantName = 'itu' | 'china';

/** How many bits each part of a written point code has: 3-8-3 by the ITU (Q.708), 8-8-8 in China (GF 001). */
const PARTS: Record<Ss7VariantName, readonly number[]> = { itu: [3, 8, 3], china: [8, 8, 8] };

/** A point code as it is written, in parts or as one number; nothing: it is none of this variant's. */
export function parsePointCode(text: string, variant: Ss7VariantName): number | undefined {
  const bits = PARTS[variant];
  const parts = text.split('-').map(Number);
  const most = 2 ** bits.reduce((sum, each) => sum + each, 0);
  if (parts.length !== 1 && parts.length !== bits.length) return undefined;
  if (parts.length > 1 && parts.some((part, at) => part >= 2 ** (bits[at] ?? 0))) return undefined;
  const code = parts.reduce((all, part, at) => all * 2 ** (bits[at] ?? 0) + part, 0);
  return code > 0 && code < most ? code : undefined;
}

/** In parts, as its variant writes it. */
export function pointCodeText(code: number, variant: Ss7VariantName): string {
  const bits = PARTS[variant];
  return bits
    .map((own, at) => Math.floor(code / 2 ** bits.slice(at + 1).reduce((sum, each) => sum + each, 0)) % 2 ** own)
    .join('-');
}

const PointCode = z.string().regex(/^[0-9]{1,8}(?:-[0-9]{1,3}-[0-9]{1,3})?$/, formats.pointCode);
const NATURES = { subscriber: 1, unknown: 2, national: 3, international: 4 } as const;
const Nature = z.enum(['subscriber', 'unknown', 'national', 'international']).default('national');
const NETWORKS = { international: 0, spare: 1, national: 2, nationalSpare: 3 } as const;

/** Of settings.json: signalling links to one other exchange. */
export const LinkSetSetting = z
  .strictObject({
    name: z.string().trim().min(1).max(64),
    /** point codes of 14 bits, or of 24 */
    variant: z.enum(['itu', 'china']).default('china'),
    network: z.enum(['international', 'spare', 'national', 'nationalSpare']).default('national'),
    pointCode: PointCode,
    /** of the exchange at the other end of the circuits */
    destination: PointCode,
    /** of the one at the other end of the links, where that is another */
    adjacent: PointCode.optional(),
    links: z
      .array(
        z.strictObject({
          span: z.int().min(1).max(100),
          timeslot: z.int().min(1).max(31).default(16),
          /** the same at both ends */
          code: z.int().min(0).max(15).default(0),
        }),
      )
      .min(1)
      .max(2)
      .refine((all) => distinct(all.map(({ code }) => code)), formats.once)
      .refine((all) => distinct(all.map(({ span, timeslot }) => span * 32 + timeslot)), formats.once),
    /** nature of address of numbers sent */
    calledNature: Nature,
    callingNature: Nature,
    /** one call out of so many has its circuit's continuity checked; 0: none */
    checkEvery: z.int().min(0).max(1000).default(0),
  })
  .superRefine(({ variant, pointCode, destination, adjacent }, context) => {
    for (const [field, text] of Object.entries({ pointCode, destination, adjacent })) {
      if (text === undefined || !PointCode.safeParse(text).success) continue;
      if (parsePointCode(text, variant) === undefined)
        context.addIssue({ code: 'custom', path: [field], message: formats.pointCode });
    }
    const own = parsePointCode(pointCode, variant);
    for (const [field, text] of Object.entries({ destination, adjacent })) {
      if (own !== undefined && text !== undefined && parsePointCode(text, variant) === own)
        context.addIssue({ code: 'custom', path: [field], message: formats.once });
    }
  });
export type LinkSetSetting = z.infer<typeof LinkSetSetting>;

/** Of an E1 whose calls are signalled by a link set. */
export const Ss7Choices = z.strictObject({
  /** name of the link set */
  linkSet: z.string().trim().max(64).default(''),
  /** circuit identification code of timeslot 1 */
  firstCircuit: z.int().min(0).max(4065).default(1),
});

/** What is wrong between link sets and the E1s that name them: the place in `e1` or `linkSets`, and why. */
export function ss7Problems(
  sets: readonly LinkSetSetting[],
  e1: readonly { span: number; signalling: string; ss7: z.infer<typeof Ss7Choices> }[],
): { path: (string | number)[]; message: string }[] {
  const problems: { path: (string | number)[]; message: string }[] = [];
  if (!distinct(sets.map(({ name }) => name))) problems.push({ path: ['linkSets'], message: formats.once });
  const places = sets.flatMap(({ links }) => links.map(({ span, timeslot }) => span * 32 + timeslot));
  if (!distinct(places)) problems.push({ path: ['linkSets'], message: formats.once });
  for (const [at, { signalling, ss7 }] of e1.entries()) {
    if (signalling !== 'ss7') continue;
    if (!sets.some(({ name }) => name === ss7.linkSet))
      problems.push({ path: ['e1', at, 'ss7', 'linkSet'], message: formats.linkSet });
    const overlaps = e1.some(
      (other, before) =>
        before < at &&
        other.signalling === 'ss7' &&
        other.ss7.linkSet === ss7.linkSet &&
        Math.abs(other.ss7.firstCircuit - ss7.firstCircuit) < 31,
    );
    if (overlaps) problems.push({ path: ['e1', at, 'ss7', 'firstCircuit'], message: formats.once });
  }
  for (const [at, { name }] of sets.entries()) {
    const served = e1.filter(({ signalling, ss7 }) => signalling === 'ss7' && ss7.linkSet === name).length;
    if (served === 0 || served > 7) problems.push({ path: ['linkSets', at], message: formats.linkSetSpans });
  }
  return problems;
}

/** As the engine takes them, numbered from 1 in their order. */
export function readLinkSets(sets: readonly LinkSetSetting[]): LinkSetConfig[] {
  return sets.map(({ network, pointCode, destination, adjacent, calledNature, callingNature, ...set }, at) => ({
    ...set,
    linkSet: at + 1,
    networkIndicator: NETWORKS[network],
    pointCode: codeOf(pointCode, set.variant),
    destination: codeOf(destination, set.variant),
    adjacent: adjacent === undefined ? 0 : codeOf(adjacent, set.variant),
    calledNature: NATURES[calledNature],
    callingNature: NATURES[callingNature],
  }));
}

/** As the engine takes it. */
export function readSs7(choices: z.infer<typeof Ss7Choices>, sets: readonly LinkSetSetting[]): Ss7SpanConfig {
  return {
    linkSet: sets.findIndex(({ name }) => name === choices.linkSet) + 1,
    firstCircuit: choices.firstCircuit,
  };
}

/** Of settings that have been checked. */
function codeOf(text: string, variant: Ss7VariantName): number {
  return parsePointCode(text, variant) ?? 0;
}

function distinct(values: readonly (string | number)[]): boolean {
  return new Set(values).size === values.length;
}
