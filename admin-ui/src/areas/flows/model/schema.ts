// The JSON Schema of a kind of node, as far as the page reads it.
import type { FlowNodeKind } from '@cordboard/daemon/contract';

export interface Schema {
  type?: string;
  $ref?: string;
  description?: string;
  default?: unknown;
  const?: unknown;
  enum?: readonly string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: readonly string[];
  additionalProperties?: Schema | boolean;
  propertyNames?: Schema;
  oneOf?: readonly Schema[];
  $defs?: Record<string, Schema>;
}

export const schemaOf = (kind: FlowNodeKind): Schema => kind.schema as Schema;

const PREFIX = '#/$defs/';

/** The name of what a schema refers to: `NodeName`, `ClipName`, `Slug`, … */
export const refOf = (schema: Schema | undefined): string | undefined =>
  schema?.$ref?.startsWith(PREFIX) ? schema.$ref.slice(PREFIX.length) : undefined;

/** What it refers to, with its own words before those of what it refers to. */
export function resolved(schema: Schema, root: Schema): Schema {
  const name = refOf(schema);
  return name === undefined ? schema : { ...root.$defs?.[name], ...schema };
}

export const isTarget = (schema: Schema | undefined): boolean => refOf(schema) === 'NodeName';
