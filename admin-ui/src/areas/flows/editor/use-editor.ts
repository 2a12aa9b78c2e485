// What all parts of the editor work on together.
import type { ErrorDetail, FlowNodeKind } from '@cordboard/daemon/contract';
import {
  computed,
  inject,
  onScopeDispose,
  provide,
  ref,
  shallowRef,
  watch,
  type ComputedRef,
  type InjectionKey,
  type Ref,
} from 'vue';
import { useI18n } from 'vue-i18n';
import { api, told } from '@/api/client';
import { usePreferences } from '@/stores/preferences';
import {
  addNode,
  clip,
  exitsOf,
  freeName,
  paste,
  putNode,
  removeNodes,
  toDefinition,
  toDrawing,
  withExit,
  type Clipping,
  type Drawing,
  type DraftNode,
  type Exit,
  type Place,
} from '../model/drawing';
import { useHistory, type History } from '../model/history';
import { arrange, NODE_WIDTH, withPlaces } from '../model/layout';
import { usePlayer, usePrompts, type Prompts } from '../prompts/use-prompts';
import { newNode } from './kinds';
import { useDraft, type DraftKeeper } from './use-draft';
import { useSentences } from './sentences';
import { useThings, type Things } from './use-things';

export interface Problem {
  /** of the node it is about; undefined: of the flow */
  node: string | undefined;
  /** within the node, `choices.1` */
  field: string;
  text: string;
  warning: boolean;
}

export interface Editor {
  id: string;
  drawing: Readonly<Ref<Drawing>>;
  history: History<Drawing>;
  keeper: DraftKeeper;
  kinds: Ref<readonly FlowNodeKind[]>;
  kindOf: (type: string) => FlowNodeKind | undefined;
  exits: (node: DraftNode) => Exit[];
  readOnly: ComputedRef<boolean>;
  chosen: Ref<readonly string[]>;
  problems: ComputedRef<readonly Problem[]>;
  checking: Ref<boolean>;
  problemsOf: (node: string) => readonly Problem[];
  titleOf: (node: string) => string;
  kindWord: (type: string) => string;
  exitWord: (type: string, field: string) => string;
  fieldWord: (type: string, field: string) => string;
  variables: ComputedRef<readonly string[]>;
  prompts: Prompts;
  player: ReturnType<typeof usePlayer>;
  things: Things;
  sentences: ReturnType<typeof useSentences>;
  change: (next: Drawing, about?: string) => void;
  edit: (name: string, node: DraftNode, about?: string) => void;
  connect: (name: string, field: string, target: string | undefined) => void;
  add: (type: string, at?: { x: number; y: number }) => string;
  remove: (names: readonly string[]) => void;
  move: (places: Readonly<Record<string, { x: number; y: number }>>) => void;
  rename: (name: string, title: string) => void;
  tidy: () => void;
  copy: () => void;
  pasteHere: () => void;
  duplicate: () => void;
  /** leads there: the canvas turns to it */
  show: (name: string) => void;
  shown: Ref<{ name: string } | null>;
}

const key: InjectionKey<Editor> = Symbol('editor of a flow');

export function useEditor(): Editor {
  const editor = inject(key);
  if (!editor) throw new Error('only within the editor of a flow');
  return editor;
}

const CHECK_MS = 350;
export const CALL_VALUES = [
  ...['call.callingNumber', 'call.callingName', 'call.calledNumber', 'call.language', 'call.queueWaitMs'],
  ...['call.region', 'call.level', 'call.id'],
];

export function provideEditor(id: string, mayEdit: () => boolean): Editor {
  const { t, te } = useI18n();
  const preferences = usePreferences();
  const kinds = shallowRef<readonly FlowNodeKind[]>([]);
  const byType = computed(() => new Map(kinds.value.map((kind) => [kind.type, kind])));
  const kindOf = (type: string): FlowNodeKind | undefined => byType.value.get(type);
  const history = useHistory<Drawing>(toDrawing(null));
  const drawing = history.now;
  const keeper = useDraft(id, history, (read) => withPlaces(read, kindOf));
  const chosen = ref<readonly string[]>([]);
  const shown = shallowRef<{ name: string } | null>(null);
  const prompts = usePrompts();
  const player = usePlayer();
  const things = useThings();
  const sentences = useSentences(prompts, things);
  const readOnly = computed(() => !mayEdit());

  async function read(): Promise<void> {
    try {
      if (kinds.value.length === 0) kinds.value = await told(api.GET('/api/v1/flow-nodes'));
    } catch (error) {
      keeper.readProblem.value = error;
      return;
    }
    await keeper.read();
  }

  const kindWord = (type: string): string =>
    t(te(`flowNodes.kinds.${type}`) ? `flowNodes.kinds.${type}` : 'flowNodes.kinds.unknown');
  function titleOf(name: string): string {
    const title = drawing.value.layout[name]?.title;
    if (title) return title;
    const node = drawing.value.nodes[name];
    if (node === undefined) return name;
    const number = new RegExp(`^${node.type}(\\d+)$`).exec(name)?.[1];
    return number === undefined ? name : `${kindWord(node.type)} ${number}`;
  }
  function exitWord(type: string, field: string): string {
    if (field.startsWith('choices.')) return t('flowNodes.exits.key', { key: field.slice(8) });
    if (field.startsWith('cases.')) return t('flowNodes.fields.when');
    return t(type === 'member' && field === 'failed' ? 'flowNodes.exits.memberFailed' : `flowNodes.exits.${field}`);
  }
  function fieldWord(type: string, field: string): string {
    if (field === 'to' && te(`flowNodes.fields.toOf.${type}`)) return t(`flowNodes.fields.toOf.${type}`);
    if (field === 'number' && type === 'transfer') return t('flowNodes.fields.transferNumber');
    const found = `flowNodes.fields.${field}`;
    return te(found) ? t(found) : field;
  }

  // What the box says against it, a moment after the last edit.
  const verdict = shallowRef<{ of: Drawing; problems: ErrorDetail[]; warnings: ErrorDetail[] }>({
    of: drawing.value,
    problems: [],
    warnings: [],
  });
  const checking = ref(false);
  let timer: number | undefined;
  let turn = 0;
  async function check(): Promise<void> {
    const mine = ++turn;
    checking.value = true;
    try {
      const of = drawing.value;
      const body = { id, definition: toDefinition(of) };
      const { problems: bad, warnings } = await told(api.POST('/api/v1/flows/validate', { body }));
      if (mine === turn) verdict.value = { of, problems: bad, warnings };
    } catch {
      // what was last said stays; going live asks again
    } finally {
      if (mine === turn) checking.value = false;
    }
  }
  watch([drawing, () => keeper.ready.value, () => preferences.language], () => {
    if (!keeper.ready.value || readOnly.value) return;
    window.clearTimeout(timer);
    checking.value = true;
    timer = window.setTimeout(() => void check(), CHECK_MS);
  });
  onScopeDispose(() => window.clearTimeout(timer));

  const problems = computed<readonly Problem[]>(() => [
    ...verdict.value.problems.map((detail) => problemOf(detail, false)),
    ...verdict.value.warnings.map((detail) => problemOf(detail, true)),
  ]);

  function problemOf({ path, message }: ErrorDetail, warning: boolean): Problem {
    // "节点“menu”的字段“choices.1”：…。" names the place in the box's words; here it has words of its own
    const what = message.replace(/^[^：:]*(：|: )/, '').replace(/[。.]$/, '');
    const [head, name, ...rest] = path.split('.');
    if (head !== 'nodes' || name === undefined) {
      if (head === 'start') return { node: undefined, field: path, text: t('flows.problems.noStart'), warning };
      return {
        node: undefined,
        field: path,
        text: t('flows.problems.at', { field: fieldWord('', head ?? ''), what }),
        warning,
      };
    }
    // as it was when it was judged: what has been edited since is not blamed for it
    const node = verdict.value.of.nodes[name];
    const field = rest.join('.');
    const exit = node && exitsOf(node, kindOf(node.type)).find((one) => one.field === field);
    if (node && exit && exit.target === undefined)
      return {
        node: name,
        field,
        text: t('flows.problems.notConnected', { exit: exitWord(node.type, field) }),
        warning,
      };
    const last = [...rest].reverse().find((part) => !/^\d+$/.test(part)) ?? '';
    const word = exit ? exitWord(node.type, field) : fieldWord(node?.type ?? '', last);
    if (node && field !== '' && isEmpty(valueAt(node, rest)))
      return { node: name, field, text: t('flows.problems.empty', { field: word }), warning };
    return {
      node: name,
      field,
      text: field === '' || field === 'type' ? what : t('flows.problems.at', { field: word, what }),
      warning,
    };
  }

  const variables = computed(() => {
    const names = new Set(Object.keys(drawing.value.variables ?? {}));
    for (const node of Object.values(drawing.value.nodes)) {
      for (const field of [
        'variable',
        'reasonVariable',
        'untilVariable',
        'statusVariable',
        'rowsVariable',
        'lengthVariable',
      ])
        if (typeof node[field] === 'string' && node[field] !== '') names.add(node[field]);
      const results = node.results as Record<string, string> | undefined;
      const mapped = node.type === 'http' || node.type === 'sql' || node.type === 'member';
      for (const [left, right] of Object.entries(results ?? {})) names.add(mapped ? left : right);
      for (const one of Array.isArray(node.assign) ? (node.assign as { variable?: string }[]) : [])
        if (one.variable) names.add(one.variable);
    }
    return [...names].sort();
  });

  function change(next: Drawing, about?: string): void {
    if (!readOnly.value) history.put(next, about);
  }

  let clipping: Clipping | undefined;
  let pasted = 0;

  const editor: Editor = {
    ...{
      id,
      drawing,
      history,
      keeper: { ...keeper, read },
      kinds,
      kindOf,
      readOnly,
      chosen,
      problems,
      checking,
      shown,
    },
    ...{ titleOf, kindWord, exitWord, fieldWord, variables, prompts, player, things, sentences, change },
    exits: (node) => exitsOf(node, kindOf(node.type)),
    problemsOf: (name) => problems.value.filter(({ node }) => node === name),
    edit: (name, node, about) => change(putNode(drawing.value, name, node), about && `${name} ${about}`),
    connect(name, field, target) {
      const node = drawing.value.nodes[name];
      if (node !== undefined) change(putNode(drawing.value, name, withExit(node, field, target)));
    },
    add(type, at) {
      const name = freeName(type, drawing.value.nodes);
      const after = chosen.value.length === 1 ? chosen.value[0] : undefined;
      let next = addNode(drawing.value, name, newNode(type), place(at ?? besides(drawing.value, after)));
      const from = after === undefined ? undefined : drawing.value.nodes[after];
      // added without a place, it follows the chosen node by its first free exit
      const free =
        at === undefined && from
          ? exitsOf(from, kindOf(from.type)).find((one) => one.target === undefined && one.required)
          : undefined;
      if (free && from && after !== undefined) next = putNode(next, after, withExit(from, free.field, name));
      change(next);
      chosen.value = [name];
      return name;
    },
    remove(names) {
      change(removeNodes(drawing.value, new Set(names), kindOf));
      chosen.value = [];
    },
    move(places) {
      const layout = { ...drawing.value.layout };
      let moved = false;
      for (const [name, at] of Object.entries(places)) {
        const next = { ...layout[name], ...place(at) };
        moved ||= layout[name]?.x !== next.x || layout[name]?.y !== next.y;
        layout[name] = next;
      }
      if (moved) change({ ...drawing.value, layout });
    },
    rename(name, title) {
      const at = drawing.value.layout[name] ?? { x: 0, y: 0 };
      const { title: _old, ...rest } = at;
      const next: Place = title.trim() === '' ? rest : { ...rest, title: title.slice(0, 60) };
      change({ ...drawing.value, layout: { ...drawing.value.layout, [name]: next } }, `${name} title`);
    },
    tidy: () => change({ ...drawing.value, layout: arrange(drawing.value, kindOf) }),
    copy() {
      if (chosen.value.length === 0) return;
      clipping = clip(drawing.value, chosen.value);
      pasted = 0;
    },
    pasteHere() {
      if (clipping === undefined) return;
      pasted += 1;
      const by = { x: 40 * pasted, y: 40 * pasted };
      const done = paste(drawing.value, clipping, by, kindOf);
      change(done.drawing);
      chosen.value = done.names;
    },
    duplicate() {
      const before = [clipping, pasted] as const;
      editor.copy();
      editor.pasteHere();
      [clipping, pasted] = before;
    },
    show(name) {
      chosen.value = [name];
      shown.value = { name };
    },
  };
  watch(drawing, ({ nodes }) => {
    if (chosen.value.some((name) => !Object.hasOwn(nodes, name)))
      chosen.value = chosen.value.filter((name) => Object.hasOwn(nodes, name));
  });
  provide(key, editor);
  return editor;
}

const place = ({ x, y }: { x: number; y: number }): Place => ({ x: Math.round(x / 8) * 8, y: Math.round(y / 8) * 8 });

/** To the right of a node, else to the right of all. */
function besides({ layout }: Drawing, name: string | undefined): { x: number; y: number } {
  const places = Object.values(layout);
  const at = name === undefined ? undefined : layout[name];
  const x = at
    ? at.x + NODE_WIDTH + 104
    : places.length === 0
      ? 0
      : Math.max(...places.map((one) => one.x)) + NODE_WIDTH + 104;
  let y = at?.y ?? 0;
  while (places.some((one) => Math.abs(one.x - x) < NODE_WIDTH && Math.abs(one.y - y) < 160)) y += 168;
  return { x, y };
}

export function valueAt(owner: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[part] : undefined,
    owner,
  );
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === '') return true;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
