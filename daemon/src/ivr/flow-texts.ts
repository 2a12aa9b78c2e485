// What is said of a flow that cannot be let live, in both languages.
import type { Language } from '../contract/index.js';

interface Texts {
  wholeFlow: string;
  field: (field: string) => string;
  node: (node: string) => string;
  nodeField: (node: string, field: string) => string;
  noStart: (start: string) => string;
  noNode: (target: string) => string;
  noQueue: (queue: string) => string;
  noPrompt: (prompt: string) => string;
  noChoices: string;
  missing: string;
  unknownType: (types: string) => string;
  minAboveMax: string;
}

const en: Texts = {
  wholeFlow: 'The flow',
  field: (field) => `Field "${field}"`,
  node: (node) => `Node "${node}"`,
  nodeField: (node, field) => `Node "${node}", field "${field}"`,
  noStart: (start) => `the flow starts at "${start}", and there is no such node`,
  noNode: (target) => `there is no node "${target}"`,
  noQueue: (queue) => `there is no queue "${queue}"`,
  noPrompt: (prompt) => `there is no prompt "${prompt}"`,
  noChoices: 'a menu needs at least one choice',
  missing: 'it is missing',
  unknownType: (types) => `there is no such type of node; there are ${types}`,
  minAboveMax: 'it is greater than maxDigits',
};

const zh: Texts = {
  wholeFlow: '流程',
  field: (field) => `字段“${field}”`,
  node: (node) => `节点“${node}”`,
  nodeField: (node, field) => `节点“${node}”的字段“${field}”`,
  noStart: (start) => `流程从“${start}”开始，但没有这个节点`,
  noNode: (target) => `没有节点“${target}”`,
  noQueue: (queue) => `没有队列“${queue}”`,
  noPrompt: (prompt) => `没有提示音“${prompt}”`,
  noChoices: '菜单至少需要一个选项',
  missing: '缺少该字段',
  unknownType: (types) => `没有这种节点类型；可用类型：${types}`,
  minAboveMax: '大于 maxDigits',
};

export function flowTexts(language: Language): Texts {
  return language === 'en' ? en : zh;
}

/** "Node "menu", field "choices.1": there is no node "sale"." */
export function flowSentence(language: Language, path: readonly string[], complaint: string): string {
  const texts = flowTexts(language);
  const [head, node] = path;
  const field = path.slice(2).join('.');
  let subject: string;
  if (head === undefined) subject = texts.wholeFlow;
  else if (head !== 'nodes' || node === undefined) subject = texts.field(path.join('.'));
  else subject = field === '' ? texts.node(node) : texts.nodeField(node, field);
  return language === 'en' ? `${subject}: ${complaint}.` : `${subject}：${complaint}。`;
}
