// The variables of one caller in one flow, and what a flow sees of its call.
import type { FlowSession } from '../calls/flow-session.js';
import type { FlowDefinition, JsonObject, JsonValue, VariableType } from '../contract/index.js';
import type { Clock } from '../platform/index.js';
import {
  ValueError,
  bounded,
  convert,
  emptyOf,
  number,
  text,
  typed,
  type LocalNow,
  type Scope,
  type Value,
} from './expressions/index.js';

/** All of a caller together, characters of JSON. */
const LARGEST_TOTAL = 262_144;
const MOST_VARIABLES = 200;
/** of one value in a trace, characters */
const LONGEST_SHOWN = 200;
const STARS = '****';

export const systemTypes: Readonly<Record<string, VariableType>> = {
  'call.id': 'string',
  'call.callingNumber': 'string',
  'call.callingName': 'string',
  'call.calledNumber': 'string',
  'call.language': 'string',
  'call.queueWaitMs': 'number',
  'call.region': 'string',
  'call.level': 'string',
};

export class Variables implements Scope {
  readonly #definition: FlowDefinition;
  readonly #session: FlowSession;
  readonly #clock: Clock;
  readonly #at: number | undefined;
  readonly #values = new Map<string, Value>();
  #changed = new Map<string, Value>();
  #size = 0;

  /** `atMs`: instead of now, for a dry run. */
  constructor(definition: FlowDefinition, session: FlowSession, clock: Clock, atMs?: number) {
    this.#definition = definition;
    this.#session = session;
    this.#clock = clock;
    this.#at = atMs;
    for (const [name, { type, initial }] of Object.entries(definition.variables ?? {}))
      this.#values.set(name, initial === undefined ? emptyOf(type) : convert(typed(initial), type));
  }

  get(name: string): Value | undefined {
    return name.startsWith('call.') ? this.#system(name) : this.#values.get(name);
  }

  /** A value that a caller or somebody else gave, in the variable's type. Throws a ValueError. */
  set(name: string, value: Value): void {
    if (name.startsWith('call.')) throw new ValueError(`${name} cannot be changed`);
    const declared = this.#declared(name)?.type;
    const held = declared === undefined ? bounded(value) : convert(value, declared);
    const before = this.#values.get(name);
    if (before === undefined && this.#values.size >= MOST_VARIABLES)
      throw new ValueError('there are too many variables');
    const size = this.#size + sizeOf(held) - (before === undefined ? 0 : sizeOf(before));
    if (size > LARGEST_TOTAL) throw new ValueError('the variables are too large together');
    this.#size = size;
    this.#values.set(name, held);
    this.#changed.set(name, held);
  }

  /** What comes from outside as JSON. */
  put(name: string, value: JsonValue): void {
    this.set(name, typed(value));
  }

  /** As nobody had set it. */
  clear(name: string): void {
    this.set(name, emptyOf(this.#declared(name)?.type ?? 'json'));
  }

  secret(name: string): boolean {
    return this.#declared(name)?.secret === true;
  }

  now(): LocalNow {
    const atMs = this.#at ?? this.#clock.wallMs();
    const here = new Date(atMs);
    const two = (one: number): string => String(one).padStart(2, '0');
    const date = `${here.getFullYear()}-${two(here.getMonth() + 1)}-${two(here.getDate())}`;
    return { atMs, date, time: `${two(here.getHours())}:${two(here.getMinutes())}:${two(here.getSeconds())}` };
  }

  /** What has changed since it was asked last, for people to read; undefined: nothing. */
  takeChanged(): JsonObject | undefined {
    if (this.#changed.size === 0) return undefined;
    const changed: JsonObject = {};
    for (const [name, { value }] of this.#changed) changed[name] = this.secret(name) ? STARS : shown(value);
    this.#changed = new Map();
    return changed;
  }

  #declared(name: string) {
    const { variables = {} } = this.#definition;
    return Object.hasOwn(variables, name) ? variables[name] : undefined;
  }

  #system(name: string): Value | undefined {
    const { callId, callingNumber, calledNumber, language, attributes } = this.#session;
    switch (name) {
      case 'call.id':
        return text(callId);
      case 'call.callingNumber':
        return text(callingNumber);
      case 'call.calledNumber':
        return text(calledNumber);
      case 'call.language':
        return text(language);
      case 'call.queueWaitMs':
        return number(Number(attributes?.['queueWaitMs'] ?? 0));
      default: {
        if (!Object.hasOwn(systemTypes, name)) return undefined;
        return text(String(attributes?.[name.slice('call.'.length)] ?? ''));
      }
    }
  }
}

function sizeOf({ value }: Value): number {
  return typeof value === 'string' ? value.length : JSON.stringify(value).length;
}

function shown(value: JsonValue): JsonValue {
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  if (written.length <= LONGEST_SHOWN) return value;
  return `${written.slice(0, LONGEST_SHOWN)}… (${written.length})`;
}
