// Asks for a member number and a PIN, and has a look-up say whether they belong together. The PIN is kept nowhere. Tries are bounded
// within the call, and for a number over all calls.
import { z } from 'zod';
import { LookupError } from '../flow-ports.js';
import { go, readDigits, speak, type FlowContext } from '../flow-context.js';
import { text } from '../expressions/index.js';
import {
  askHttp,
  askSql,
  badPaths,
  expressionsOf,
  httpFields,
  httpTemplates,
  resultAssignments,
  results,
  sqlFields,
  take,
  withValues,
} from '../lookup/look-ups.js';
import { sqlProblem } from '../lookup/sql-text.js';
import { Ms, NodeName, Prompts, VariableName, nodeKind, onError, promptsAt, targets } from '../node-kind.js';

const Digits = z.strictObject({
  prompts: Prompts.min(1),
  minDigits: z.int().min(1).max(32).default(1),
  maxDigits: z.int().min(1).max(32).default(16),
});
const schema = z.strictObject({
  type: z.literal('member'),
  number: Digits,
  pin: Digits.optional().meta({ description: 'Left out: the number alone is enough' }),
  wrongPrompts: Prompts.optional(),
  tries: z.int().min(1).max(5).default(3),
  timeoutMs: Ms(500, 60_000, 5000),
  interDigitMs: Ms(500, 60_000, 3000),
  check: z
    .discriminatedUnion('via', [
      z.strictObject({ via: z.literal('http'), ...httpFields }),
      z.strictObject({ via: z.literal('sql'), ...sqlFields }),
    ])
    .meta({
      description: 'number and pin are values in it. http: 2xx is right, 401, 403 and 404 wrong; sql: a row is right',
    }),
  variable: VariableName.meta({ description: 'Is given the number once it is right' }),
  results,
  next: NodeName,
  failed: NodeName,
  ...onError,
});
type MemberNode = z.infer<typeof schema>;

/** Wrong answers to one number, in all calls together. */
const MOST_FAILURES = 10;
const FORGET_MS = 900_000;
const MOST_NUMBERS = 10_000;
const failures = new Map<string, { count: number; sinceMs: number }>();

const TYPED = { number: 'string', pin: 'string' } as const;

export const member = nodeKind<MemberNode>({
  type: 'member',
  schema,
  waits: true,
  needs: ({ check }) => check.via,
  targets: ({ next, failed, error }) => targets({ next, failed, error }),
  names: (node) => [
    ...promptsAt('number.prompts', node.number.prompts),
    ...promptsAt('pin.prompts', node.pin?.prompts),
    ...promptsAt('wrongPrompts', node.wrongPrompts),
    ...(node.check.via === 'sql'
      ? [{ field: 'check.source', kind: 'dataSource' as const, name: node.check.source }]
      : []),
  ],
  templates: ({ check }) =>
    (check.via === 'http' ? httpTemplates(check, 'check.') : []).map((one) => ({ ...one, also: TYPED })),
  expressions: ({ check }) =>
    (check.via === 'http' ? expressionsOf('check.body', check.body) : expressionsOf('check.bind', check.bind)).map(
      (one) => ({ ...one, also: TYPED }),
    ),
  assigns: (node) => [
    { field: 'variable', variable: node.variable, type: 'string' },
    ...resultAssignments(node.results),
  ],
  check(node, complain) {
    for (const field of badPaths(node.results)) complain(field, 'badPath');
    if (node.number.minDigits > node.number.maxDigits) complain('number.minDigits', 'minAboveMax');
    if (node.pin !== undefined && node.pin.minDigits > node.pin.maxDigits) complain('pin.minDigits', 'minAboveMax');
    if (node.check.via !== 'sql') return;
    const problem = sqlProblem(node.check.sql, Object.keys(node.check.bind ?? {}));
    if (problem !== undefined) complain('check.sql', problem.code, { name: problem.name });
  },
  async run(node, context) {
    const { session, variables, clock } = context;
    const segment = session.segment('menu', { node: context.node });
    for (let attempt = 1; attempt <= node.tries; attempt += 1) {
      const given = await ask(node, context);
      const answer = given === undefined ? undefined : await check(node, context, given, clock.monotonicMs());
      if (given !== undefined && answer !== undefined) {
        variables.set(node.variable, text(given.number));
        take(node.results, answer, context);
        segment.end({ attempts: attempt, next: node.next });
        return go(node.next, 'right');
      }
      if (node.wrongPrompts !== undefined) await speak(context, node.wrongPrompts);
    }
    segment.end({ attempts: node.tries, failure: 'invalid', next: node.failed });
    return go(node.failed, 'wrong');
  },
});

async function ask(node: MemberNode, context: FlowContext): Promise<{ number: string; pin: string } | undefined> {
  const { session } = context;
  const number = await read(node.number, node, context);
  if (number === undefined) return undefined;
  if (node.pin === undefined) return { number, pin: '' };
  session.hideKeys?.(true);
  try {
    const pin = await read(node.pin, node, context);
    return pin === undefined ? undefined : { number, pin };
  } finally {
    session.hideKeys?.(false);
  }
}

async function read(
  { prompts, minDigits, maxDigits }: z.infer<typeof Digits>,
  { timeoutMs, interDigitMs }: MemberNode,
  context: FlowContext,
): Promise<string | undefined> {
  await speak(context, prompts);
  const digits = await readDigits(context, { maxDigits, terminator: '#', timeoutMs, interDigitMs });
  return digits.length < minDigits ? undefined : digits;
}

/** What the look-up says of a right one; undefined: wrong. */
async function check(
  node: MemberNode,
  context: FlowContext,
  given: { number: string; pin: string },
  nowMs: number,
): ReturnType<typeof answerOf> {
  const key = given.number;
  const known = failures.get(key);
  const counts = known !== undefined && nowMs - known.sinceMs < FORGET_MS ? known : { count: 0, sinceMs: nowMs };
  if (counts.count >= MOST_FAILURES) {
    context.warn('too many wrong PINs for this number');
    return undefined;
  }
  const answer = await answerOf(node, context, given);
  if (answer !== undefined) failures.delete(key);
  else {
    if (failures.size >= MOST_NUMBERS) failures.clear();
    failures.set(key, { count: counts.count + 1, sinceMs: counts.sinceMs });
  }
  return answer;
}

async function answerOf({ check }: MemberNode, context: FlowContext, given: { number: string; pin: string }) {
  const scope = withValues(context.variables, given);
  if (check.via === 'sql') return (await askSql(check, context, scope))[0];
  const { status, body } = await askHttp(check, context, scope);
  if (status >= 200 && status < 300) return body;
  if ([401, 403, 404].includes(status)) return undefined;
  throw new LookupError('status', `the answer was ${status}`);
}
