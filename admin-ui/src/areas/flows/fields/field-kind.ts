// Which kind of field stands for a part of a node.
import { refOf, resolved, type Schema } from '../model/schema';

export type FieldKind =
  | 'prompts'
  | 'choice'
  | 'thing'
  | 'cause'
  | 'switch'
  | 'seconds'
  | 'number'
  | 'variable'
  | 'expression'
  | 'text'
  | 'long'
  | 'line'
  | 'map'
  | 'rows'
  | 'group'
  | 'either';

const EXPRESSIONS = new Set(['value', 'when', 'priority', 'vip']);
const LONG = new Set(['sql', 'zh-CN', 'en']);

export function fieldKind(name: string, given: Schema, root: Schema, isThing: boolean): FieldKind {
  const schema = resolved(given, root);
  if (isThing) return 'thing';
  if (schema.oneOf !== undefined) return 'either';
  if (schema.type === 'array') return refOf(schema.items) === 'ClipName' ? 'prompts' : 'rows';
  if (schema.type === 'object') return schema.properties === undefined ? 'map' : 'group';
  if (schema.type === 'boolean') return 'switch';
  if (refOf(given) === 'Cause' || name === 'cause') return 'cause';
  if (schema.type === 'integer' || schema.type === 'number') return name.endsWith('Ms') ? 'seconds' : 'number';
  if (schema.enum !== undefined) return 'choice';
  if (refOf(given) === 'VariableName') return 'variable';
  if (name === 'terminator') return 'choice';
  if (EXPRESSIONS.has(name) || schema.description === 'An expression') return 'expression';
  if (LONG.has(name)) return 'long';
  return schema.maxLength === 2000 ? 'text' : 'line';
}
