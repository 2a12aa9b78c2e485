// Says of a flow whether callers can be let into it. Every complaint names the node and the field, and is a sentence
// that an administrator who draws flows understands.
import { z } from 'zod';
import {
  FlowDefinition,
  type ErrorDetail,
  type FlowNode,
  type Language,
  type VariableType,
} from '../contract/index.js';
import { checkExpression, convert, templateParts, typed, ExpressionError } from './expressions/index.js';
import type { ExpressionProblem, TypeOf } from './expressions/index.js';
import { complainOfLoops, complainOfRecursion, complainOfUnreachable, waits } from './flow-graph.js';
import type { PortName } from './flow-ports.js';
import { complaintText, flowSentence, type ComplaintCode } from './flow-texts.js';
import type { ExpressionUse, Named, NamedKind, NodeKind } from './node-kind.js';
import { kindOf, nodeKinds } from './nodes/index.js';
import { systemTypes } from './variables.js';

export type FlowCheck =
  | { ok: true; definition: FlowDefinition; warnings: ErrorDetail[] }
  | { ok: false; problems: ErrorDetail[]; warnings: ErrorDetail[] };

/** What the flow refers to outside itself; what is left out is not checked. */
export interface FlowSurroundings {
  /** of the flow itself, for circles of flows */
  id?: string | undefined;
  queues?: ReadonlySet<string> | undefined;
  /** sounds that are there in at least one language */
  prompts?: ReadonlySet<string> | undefined;
  /** live flows */
  flows?: ReadonlyMap<string, FlowDefinition> | undefined;
  /** services that are there */
  ports?: ReadonlySet<PortName> | undefined;
  /** the others that nodes may name */
  names?: Partial<Record<NamedKind, ReadonlySet<string>>> | undefined;
}

export interface Complaint {
  path: string[];
  code: ComplaintCode;
  params?: Readonly<Record<string, string>> | undefined;
}

const MOST_NODES = 500;
const MOST_PROBLEMS = 100;

/** Checks shape, then references. Never throws: whatever was passed in comes back as a list of problems. */
export function validateFlow(definition: unknown, surroundings: FlowSurroundings, language: Language): FlowCheck {
  const locale = language === 'en' ? z.locales.en() : z.locales.zhCN();
  const error = locale.localeError;
  const parsed = FlowDefinition.safeParse(definition, { error });
  const refused = (issues: z.core.$ZodIssue[]): FlowCheck => ({
    ok: false,
    problems: issues.slice(0, MOST_PROBLEMS).map((issue) => shapeProblem(issue, language)),
    warnings: [],
  });
  if (!parsed.success) return refused(parsed.error.issues);
  const flow: FlowDefinition = { ...parsed.data, nodes: {} };
  const issues: z.core.$ZodIssue[] = [];
  for (const [name, node] of Object.entries(parsed.data.nodes).slice(0, MOST_NODES + 1)) {
    const kind = kindOf(node.type);
    const path = ['nodes', name];
    if (kind === undefined) {
      issues.push({ code: 'invalid_union', path: [...path, 'type'], message: '', errors: [], input: node.type });
      continue;
    }
    const shaped = kind.schema.safeParse(node, { error });
    if (shaped.success) flow.nodes[name] = shaped.data as FlowNode;
    else issues.push(...shaped.error.issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] })));
  }
  if (Object.keys(parsed.data.nodes).length > MOST_NODES)
    issues.push({ code: 'custom', path: ['nodes'], message: `${MOST_NODES}`, input: undefined });
  if (issues.length > 0) return refused(issues);
  return verdict(flow, surroundings, language);
}

function verdict(flow: FlowDefinition, surroundings: FlowSurroundings, language: Language): FlowCheck {
  const say = ({ path, code, params }: Complaint): ErrorDetail => ({
    path: path.join('.'),
    message: flowSentence(language, path, complaintText(language, code, params)),
  });
  const problems = complaintsOf(flow, surroundings).slice(0, MOST_PROBLEMS).map(say);
  const warnings: ErrorDetail[] = [];
  if (Object.hasOwn(flow.nodes, flow.start))
    complainOfUnreachable(flow, (complaint) => void warnings.push(say(complaint)));
  return problems.length === 0 ? { ok: true, definition: flow, warnings } : { ok: false, problems, warnings };
}

function complaintsOf(flow: FlowDefinition, surroundings: FlowSurroundings): Complaint[] {
  const found: Complaint[] = [];
  const add = (complaint: Complaint): void => void found.push(complaint);
  const { nodes, start, onError } = flow;
  if (!Object.hasOwn(nodes, start)) add({ path: ['start'], code: 'noStart', params: { name: start } });
  if (onError !== undefined && !Object.hasOwn(nodes, onError))
    add({ path: ['onError'], code: 'noNode', params: { name: onError } });
  const types = variableTypes(flow, add);
  for (const [name, node] of Object.entries(nodes)) {
    const kind = kindOf(node.type);
    if (kind !== undefined) complainOfNode({ flow, surroundings, types, name, node, kind, add });
  }
  if (found.length === 0) {
    complainOfLoops(flow, (node) => waits(node, surroundings.flows), add);
    complainOfRecursion(flow, surroundings, add);
  }
  return found;
}

interface Checking {
  flow: FlowDefinition;
  surroundings: FlowSurroundings;
  types: TypeOf;
  name: string;
  node: FlowNode;
  kind: NodeKind;
  add: (complaint: Complaint) => void;
}

function complainOfNode(checking: Checking): void {
  const { flow, surroundings, types, name, node, kind, add } = checking;
  const complain = (field: string, code: ComplaintCode, params?: Record<string, string>): void =>
    add({ path: ['nodes', name, ...(field === '' ? [] : [field])], code, params });
  for (const { field, target } of kind.targets(node))
    if (!Object.hasOwn(flow.nodes, target)) complain(field, 'noNode', { name: target });
  const port = typeof kind.needs === 'function' ? kind.needs(node) : kind.needs;
  const served = port === undefined || surroundings.ports?.has(port) !== false;
  if (!served) complain('type', 'noService', { type: node.type, name: port });
  for (const named of kind.names?.(node) ?? []) {
    const missing = served && isMissing(named, surroundings);
    if (missing !== false) complain(named.field, missing, { name: named.name, kind: named.kind });
  }
  for (const use of kind.expressions?.(node) ?? []) complainOfExpression(use, use.source, types, complain);
  for (const use of kind.templates?.(node) ?? []) complainOfTemplate(use, types, complain);
  complainOfAssignments(checking, complain);
  complainOfCall(node, surroundings, complain);
  kind.check?.(node, complain);
}

function isMissing({ kind, name }: Named, { queues, prompts, flows, names }: FlowSurroundings): ComplaintCode | false {
  if (kind === 'queue') return queues?.has(name) === false && 'noQueue';
  if (kind === 'prompt') return prompts?.has(name) === false && 'noPrompt';
  if (kind === 'flow') return flows?.has(name) === false && 'noFlow';
  return names?.[kind]?.has(name) === false && 'noThing';
}

type Complain = (field: string, code: ComplaintCode, params?: Record<string, string>) => void;

function complainOfExpression(use: ExpressionUse, source: string, types: TypeOf, complain: Complain): VariableType {
  const typeOf: TypeOf = (name) => (Object.hasOwn(use.also ?? {}, name) ? use.also?.[name] : types(name));
  const { type, problems } = checkExpression(source, typeOf, use.wanted);
  for (const problem of problems) {
    const [code, params] = expressionComplaint(problem);
    complain(use.field, code, params);
  }
  return type;
}

function complainOfTemplate(use: ExpressionUse, types: TypeOf, complain: Complain): void {
  try {
    for (const part of templateParts(use.source))
      if ('source' in part) complainOfExpression(use, part.source, types, complain);
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    complain(use.field, 'syntax', { at: String(error.at), found: error.found });
  }
}

function expressionComplaint(problem: ExpressionProblem): [ComplaintCode, Record<string, string>] {
  switch (problem.code) {
    case 'syntax': {
      if (problem.why === 'unfinished') return ['unfinished', {}];
      if (problem.why === 'tooLong' || problem.why === 'tooDeep') return ['tooLong', {}];
      return ['syntax', { at: String(problem.at), found: problem.found }];
    }
    case 'type':
      return ['wrongType', { wanted: problem.wanted, got: problem.got }];
    case 'pattern':
      return problem.reason === 'literal' ? ['patternLiteral', {}] : ['badPattern', { name: problem.reason }];
    default:
      return [problem.code, { name: problem.name }];
  }
}

function complainOfAssignments({ flow, types, node, kind }: Checking, complain: Complain): void {
  const sources = new Map((kind.expressions?.(node) ?? []).map(({ field, source }) => [field, source]));
  for (const { field, variable, type } of kind.assigns?.(node) ?? []) {
    const declared = flow.variables?.[variable]?.type;
    const got = type ?? checkExpression(sources.get(field) ?? '""', types).type;
    if (declared !== undefined && !assignable(got, declared)) complain(field, 'wrongType', { wanted: declared, got });
  }
}

/** A text that somebody typed becomes a number when it is one; a number never becomes a date. */
function assignable(from: VariableType, to: VariableType): boolean {
  return from === to || from === 'json' || to === 'json' || to === 'string' || (from === 'string' && to !== 'list');
}

/** The types of the declared variables, of those that nodes make, and of the call's own. */
function variableTypes(flow: FlowDefinition, add: (complaint: Complaint) => void): TypeOf {
  const types = new Map<string, VariableType>(Object.entries(systemTypes));
  for (const [name, { type, initial }] of Object.entries(flow.variables ?? {})) {
    types.set(name, type);
    if (initial === undefined) continue;
    try {
      convert(typed(initial), type);
    } catch {
      add({ path: ['variables', name, 'initial'], code: 'wrongInitial', params: { wanted: type } });
    }
  }
  for (const node of Object.values(flow.nodes))
    for (const { variable, type } of kindOf(node.type)?.assigns?.(node) ?? [])
      if (!types.has(variable)) types.set(variable, type ?? 'json');
  for (const field of ['parameters', 'results'] as const)
    for (const name of flow[field] ?? [])
      if (!types.has(name)) add({ path: [field], code: 'noVariable', params: { name } });
  return (name) => types.get(name);
}

/** What a call of another flow gives and takes must be that flow's. */
function complainOfCall(node: FlowNode, { flows }: FlowSurroundings, complain: Complain): void {
  if (node.type !== 'subflow') return;
  const called = flows?.get(String(node['flow']));
  if (called === undefined) return;
  for (const name of Object.keys((node['parameters'] as object | undefined) ?? {}))
    if (called.parameters?.includes(name) !== true) complain(`parameters.${name}`, 'noParameter', { name });
  for (const name of Object.keys((node['results'] as object | undefined) ?? {}))
    if (called.results?.includes(name) !== true) complain(`results.${name}`, 'noResult', { name });
}

function shapeProblem(issue: z.core.$ZodIssue, language: Language): ErrorDetail {
  const path = issue.path.map(String);
  let text = issue.message.replace(/[.。]$/, '');
  if (issue.code === 'invalid_union' && path.at(-1) === 'type' && path.length === 3)
    text = complaintText(language, 'unknownType', { types: nodeKinds.map(({ type }) => type).join(', ') });
  else if (issue.code === 'invalid_type' && text.endsWith('undefined')) text = complaintText(language, 'missing');
  else if (issue.code === 'custom')
    text = language === 'en' ? `it has more than ${MOST_NODES} nodes` : `节点超过 ${MOST_NODES} 个`;
  return { path: path.join('.'), message: flowSentence(language, path, text) };
}
