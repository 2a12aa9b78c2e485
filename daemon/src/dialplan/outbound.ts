// The way of a number out of the box: routes choose trunks and rewrite it, trunks rewrite it once more and write it as the carrier
// wants it. What a number costs is asked at each stage, so that no rewriting makes a dear one out of a cheap one:
//
//   dialled ── route: strip, prepend ──> as dialled outside ── trunk: rules ──> as the rules have it ── format ──> sent
//               (pattern: foreign?)           class                               class
import type { NumberClass } from '../contract/index.js';
import type { OutboundRouteRow, TrunkRow } from '../db/index.js';
import type { DialAttempt } from '../lines/index.js';
import type { NumberingPlan, OutsideClass } from './numbering-plan.js';
import type { NoteStep } from './steps.js';
import { canBecome, compareSpecificity, compilePattern, matches, samePattern, type Pattern } from './pattern.js';

/** On behalf of whom a call goes out. */
export interface Caller {
  allowedClasses: readonly NumberClass[];
  /** shown to those outside; '': the trunk's */
  callingNumber: string;
  /** asked for, and allowed: shown whatever the route says */
  chosenNumber?: string | undefined;
}

/** What a telephone must be allowed, all of it. Emergency calls need nothing; what nobody knows could be anything. */
function needed(of: OutsideClass): readonly NumberClass[] {
  if (of === 'emergency') return [];
  return of === 'unknown' ? ['international', 'premium'] : [of];
}

/** Whether a route is in force at the time. */
export type RouteHolds = (route: OutboundRouteRow) => boolean;

export type Outbound =
  | { kind: 'attempts'; attempts: DialAttempt[]; emergency: boolean }
  /** no route takes the number */
  | { kind: 'none' }
  /** the routes that take it do not hold at this time */
  | { kind: 'closed' }
  /** the routes that take it have no trunk that is switched on */
  | { kind: 'noTrunk' }
  /**
   * What the telephone would have to be allowed. `unknown`: the country has no such number; `mayGrow`: but with more digits it
   * can have.
   */
  | { kind: 'barred'; classes: NumberClass[]; unknown: boolean; mayGrow: boolean };

interface Rule {
  match: Pattern;
  strip: number;
  prepend: string;
}

interface Trunk {
  row: TrunkRow;
  rulesIn: readonly Rule[];
  rulesOut: readonly Rule[];
  callerRules: readonly Rule[];
  /**
   * Its carrier reads what we send as a number with country code. So it does when it says so, and when rules or routes take the
   * international prefix away: then 4420… without a prefix is London, whatever it would be at a telephone.
   */
  e164: boolean;
}

interface Route {
  row: OutboundRouteRow;
  pattern: Pattern;
  /** every number that it takes leads abroad */
  foreign: boolean;
  /** and leaves it without the international prefix */
  losesPrefix: boolean;
}

const MOST_ATTEMPTS = 16;

function rewrite(digits: string, { strip, prepend }: { strip: number; prepend: string }): string {
  return prepend + digits.slice(strip);
}

function applyRules(rules: readonly Rule[], digits: string): string {
  const rule = rules.find(({ match }) => matches(match, digits));
  return rule === undefined ? digits : rewrite(digits, rule);
}

const compileRules = (rules: TrunkRow['numberRulesOut']): Rule[] =>
  rules.map(({ match, strip, prepend }) => ({ match: compilePattern(match), strip, prepend }));

export class OutboundRoutes {
  readonly #plan: NumberingPlan;
  /** the most specific pattern first, then by priority; switched off: left out */
  readonly #routes: readonly Route[];
  readonly #trunks: ReadonlyMap<string, Trunk>;

  constructor(plan: NumberingPlan, routes: readonly OutboundRouteRow[], trunks: readonly TrunkRow[]) {
    this.#plan = plan;
    this.#routes = routes
      .filter(({ enabled }) => enabled)
      .map((row) => {
        const pattern = compilePattern(row.pattern);
        return { row, pattern, foreign: plan.isForeign(pattern), losesPrefix: losesPrefix(plan, pattern, row) };
      })
      .sort(
        (a, b) =>
          compareSpecificity(a.pattern, b.pattern) ||
          a.row.priority - b.row.priority ||
          a.row.cost - b.row.cost ||
          (a.row.id < b.row.id ? -1 : 1),
      );
    this.#trunks = new Map(trunks.map((row) => [row.id, this.#compileTrunk(row)]));
  }

  /** What `trunk` calls our number, in our words: its rules in. */
  numberIn(trunk: string, digits: string): string {
    return applyRules(this.#trunks.get(trunk)?.rulesIn ?? [], digits).replace('+', '');
  }

  /** Who calls over `trunk`, as he is called back from here: by its rules, or as the number itself says. */
  callerIn(id: string | null, number: string): string {
    const trunk = id === null ? undefined : this.#trunks.get(id);
    const digits = number.replace('+', '');
    const rule = trunk?.callerRules.find(({ match }) => matches(match, digits));
    if (rule === undefined)
      return this.#plan.asDialled(number, trunk !== undefined && trunk.row.numberFormat !== 'dialled');
    const rewritten = rewrite(digits, rule);
    return rewritten.startsWith('+') ? this.#plan.fromE164(rewritten.slice(1)) : rewritten;
  }

  /**
   * What people dial before a number of the country so that it goes out (a 0 that the route takes off again); '': nothing.
   * undefined: no route takes it.
   */
  accessPrefix(number: string): string | undefined {
    for (const route of this.#routes) {
      const prefix = route.row.pattern.slice(0, route.row.strip);
      if (!/^[0-9]*$/.test(prefix)) continue;
      const dialled = prefix + number;
      if (this.#routes.find(({ pattern }) => matches(pattern, dialled)) === route) return prefix;
    }
    return undefined;
  }

  /** The ways out for a number as it was dialled, digits alone, not of the emergency services. */
  resolve(digits: string, caller: Caller, holds: RouteHolds = () => true, note: NoteStep = () => undefined): Outbound {
    const best = this.#routes.find(({ pattern }) => matches(pattern, digits));
    if (best === undefined) return { kind: 'none' };
    if (this.#plan.isEmergency(rewrite(digits, best.row))) return this.emergency(rewrite(digits, best.row), caller);
    const same = this.#routes.filter(({ pattern }) => samePattern(pattern, best.pattern));
    // A wider pattern does not step in: what may not be dialled at night does not go out by another way.
    const held = same.filter(({ row }) => {
      const inForce = holds(row);
      const params = { name: row.name, trunks: row.trunks.join(', ') };
      note({ code: inForce ? 'outRouteTaken' : 'outRouteClosed', routeId: row.id, params });
      return inForce;
    });
    if (held.length === 0) return { kind: 'closed' };
    const attempts: DialAttempt[] = [];
    const lacking = new Set<NumberClass>();
    let [trunks, unknown, mayGrow] = [0, false, false];
    for (const route of held) {
      const shownFor = {
        ...caller,
        callingNumber: caller.chosenNumber ?? (route.row.callingNumber || caller.callingNumber),
      };
      const outside = rewrite(digits, route.row);
      for (const trunk of this.#trunksOf(route.row)) {
        trunks += 1;
        const sent = applyRules(trunk.rulesOut, outside);
        const classes = [this.#classOutside(outside, route), this.#classSent(sent, trunk)];
        const lacks = classes.flatMap(needed).filter((one) => !caller.allowedClasses.includes(one));
        for (const one of lacks) lacking.add(one);
        if (classes.includes('unknown')) {
          unknown = true;
          mayGrow ||= this.#plan.mayGrow(outside);
        }
        // A local number without its area cannot be written with a country code: nobody knows what it would be there.
        const number = lacks.length > 0 ? undefined : this.#format(sent, trunk);
        if (number === undefined) continue;
        const privacy = trunk.row.callerId === 'anonymous' ? { privacy: true } : {};
        this.#add(attempts, { trunk: trunk.row.id, number, callingNumber: this.#shown(trunk, shownFor), ...privacy });
      }
    }
    if (attempts.length > 0) return { kind: 'attempts', attempts, emergency: false };
    return trunks === 0 ? { kind: 'noTrunk' } : { kind: 'barred', classes: [...lacking], unknown, mayGrow };
  }

  /** The way of a number over one trunk, for trying it: the number is as dialled outside. */
  over(id: string, digits: string, caller: Caller): Outbound {
    const trunk = this.#trunks.get(id);
    if (trunk === undefined || !trunk.row.enabled) return { kind: 'noTrunk' };
    const sent = applyRules(trunk.rulesOut, digits);
    const classes = [this.#plan.classify(digits), this.#classSent(sent, trunk)];
    const lacking = classes.flatMap(needed).filter((one) => !caller.allowedClasses.includes(one));
    const number = lacking.length > 0 || classes.includes('emergency') ? undefined : this.#format(sent, trunk);
    if (number === undefined)
      return { kind: 'barred', classes: lacking, unknown: classes.includes('unknown'), mayGrow: false };
    const privacy = trunk.row.callerId === 'anonymous' ? { privacy: true } : {};
    const attempt = { trunk: id, number, callingNumber: this.#shown(trunk, caller), ...privacy };
    return { kind: 'attempts', attempts: [attempt], emergency: false };
  }

  /** Every trunk there is, those of emergency routes first: the number goes out as it is. */
  emergency(number: string, caller: Caller): Outbound {
    const byPriority = [...this.#routes].sort((a, b) => a.row.priority - b.row.priority);
    const ordered = [
      ...byPriority.filter(({ row }) => row.emergency).flatMap(({ row }) => this.#trunksOf(row)),
      ...byPriority.flatMap(({ row }) => this.#trunksOf(row)),
      ...[...this.#trunks.values()].filter(({ row }) => row.enabled),
    ];
    const attempts: DialAttempt[] = [];
    for (const trunk of ordered) {
      const { row, rulesOut } = trunk;
      // A rule for numbers in general must not spoil this one; a rule for it alone knows better.
      const own = rulesOut.find(({ match }) => !match.open && match.sets.every(isOneDigit) && matches(match, number));
      const { callerId, fixedNumber } = row;
      const shown = callerId === 'pass' ? caller.callingNumber || fixedNumber : fixedNumber || caller.callingNumber;
      this.#add(attempts, {
        trunk: row.id,
        number: own === undefined ? number : rewrite(number, own),
        callingNumber: shown,
      });
    }
    return attempts.length === 0 ? { kind: 'noTrunk' } : { kind: 'attempts', attempts, emergency: true };
  }

  /** Whether a route makes an emergency number of it. */
  leadsToEmergency(digits: string): boolean {
    const best = this.#routes.find(({ pattern }) => matches(pattern, digits));
    return best !== undefined && this.#plan.isEmergency(rewrite(digits, best.row));
  }

  /** Whether a longer number may lead out. */
  mayGrow(digits: string): boolean {
    return this.#routes.some((route) => {
      if (!canBecome(route.pattern, digits)) return false;
      const outside = rewrite(digits, route.row);
      // Only of a number that is known as a whole can be told that nothing is to follow.
      const whole =
        matches(route.pattern, digits) && this.#classOutside(outside, route) !== 'unknown' && !route.losesPrefix;
      return !whole || this.#plan.mayGrow(outside);
    });
  }

  #trunksOf({ trunks }: OutboundRouteRow): Trunk[] {
    return trunks.flatMap((id) => {
      const trunk = this.#trunks.get(id);
      return trunk === undefined || !trunk.row.enabled ? [] : [trunk];
    });
  }

  #add(attempts: DialAttempt[], attempt: DialAttempt): void {
    if (attempts.length >= MOST_ATTEMPTS) return;
    if (attempts.some(({ trunk, number }) => trunk === attempt.trunk && number === attempt.number)) return;
    attempts.push(attempt);
  }

  #compileTrunk(row: TrunkRow): Trunk {
    const rulesOut = compileRules(row.numberRulesOut);
    const e164 =
      row.numberFormat !== 'dialled' ||
      rulesOut.some((rule) => losesPrefix(this.#plan, rule.match, rule)) ||
      this.#routes.some((route) => route.losesPrefix && route.row.trunks.includes(row.id));
    const callerRules = compileRules(row.callerRulesIn);
    return { row, rulesIn: compileRules(row.numberRulesIn), rulesOut, callerRules, e164 };
  }

  #classOutside(outside: string, { foreign }: Route): OutsideClass {
    return foreign ? 'international' : this.#plan.classify(outside);
  }

  /** What a number costs as this trunk's carrier reads it. */
  #classSent(sent: string, { row, e164 }: Trunk): OutsideClass {
    if (sent.startsWith('+')) return this.#plan.classifyE164(sent.slice(1));
    // With a format of its own the trunk gets the country code from us, so that the number is still one as dialled.
    return e164 && row.numberFormat === 'dialled' ? this.#plan.classifyE164(sent) : this.#plan.classify(sent);
  }

  /** As the trunk wants it; undefined: it cannot be written so. */
  #format(number: string, { row }: Trunk): string | undefined {
    const plus = number.startsWith('+');
    if (row.numberFormat === 'dialled') return number;
    const e164 = plus ? number.slice(1) : this.#plan.toE164(number);
    return e164 === undefined ? undefined : row.numberFormat === 'plus' ? `+${e164}` : e164;
  }

  #shown(trunk: Trunk, { callingNumber }: Caller): string {
    const { callerId, fixedNumber } = trunk.row;
    switch (callerId) {
      // Who it is the carrier must know (RFC 3325 clause 7), and tells nobody.
      case 'anonymous':
      case 'fixed':
        return fixedNumber || this.#shownAs(callingNumber, trunk);
      case 'pass':
        return callingNumber === '' ? fixedNumber : this.#shownAs(callingNumber, trunk);
    }
  }

  /** A telephone's own number in the form of the trunk; one that cannot be brought there stands as it was laid down. */
  #shownAs(number: string, trunk: Trunk): string {
    if (number === '') return '';
    const dialled = number.startsWith('+') ? this.#plan.fromE164(number.slice(1)) : number;
    return this.#format(dialled, trunk) ?? number;
  }
}

const isOneDigit = (set: number): boolean => set !== 0 && (set & (set - 1)) === 0;

/** Whether numbers abroad go in with the international prefix, and come out as if they were the country's own. */
function losesPrefix(plan: NumberingPlan, pattern: Pattern, change: { strip: number; prepend: string }): boolean {
  if (change.prepend.startsWith('+') || !plan.isForeign(pattern)) return false;
  return !plan.isForeign(rewritePattern(pattern, change));
}

/** The numbers that come of those that fit a pattern. */
function rewritePattern({ sets, open }: Pattern, { strip, prepend }: { strip: number; prepend: string }): Pattern {
  return { sets: [...[...prepend].map((digit) => 1 << Number(digit)), ...sets.slice(strip)], open };
}
