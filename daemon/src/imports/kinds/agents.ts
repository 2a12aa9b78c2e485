// Agents with their queues, skills, and whom they serve.
import { AgentAbilities, AgentCreate, Language } from '../../contract/index.js';
import type { AgentRow } from '../../db/index.js';
import { check } from '../../platform/index.js';
import { joined, languageCell, languageOf, pieces, says, type Cells, type CheckedRow, type Table } from '../table.js';

interface Taken {
  row: AgentRow;
  abilities: AgentAbilities;
}

const Row = AgentCreate.extend({ language: Language, ...AgentAbilities.shape });

function cellsOf({ row, abilities }: Taken): Cells {
  return {
    id: row.id,
    name: row.name,
    language: languageCell(row.language),
    queues: joined([...row.queues].sort()),
    skills: joined(
      [...abilities.skills].sort((a, b) => (a.skill < b.skill ? -1 : 1)).map(({ skill, level }) => `${skill}:${level}`),
    ),
    regions: joined([...abilities.regions].sort()),
    customerLevels: joined([...abilities.customerLevels].sort()),
  };
}

export const agentsTable: Table = {
  kind: 'agents',
  key: 'id',
  needsOf: null,
  tells: null,
  columns: [
    {
      ...{ id: 'id', title: { zh: '工号', en: 'Number' }, required: true, example: '2001' },
      hint: { zh: '1 到 8 位数字', en: '1 to 8 digits' },
      also: ['坐席', '坐席工号', '坐席号', 'agent', 'agentid', 'agent number'],
    },
    {
      ...{ id: 'name', title: { zh: '姓名', en: 'Name' }, required: true, example: '李娜' },
      hint: { zh: '最多 80 个字', en: '80 characters at most' },
      also: ['名称', '坐席姓名'],
    },
    {
      ...{ id: 'language', title: { zh: '语言', en: 'Language' }, example: '中文' },
      hint: { zh: '中文或英文；留空为系统语言', en: 'Chinese or English; empty: that of the box' },
    },
    {
      ...{ id: 'queues', title: { zh: '队列', en: 'Queues' }, example: 'sales; support' },
      hint: { zh: '队列标识或名称，用分号隔开', en: 'Ids or names of queues, with semicolons between' },
    },
    {
      ...{ id: 'skills', title: { zh: '技能', en: 'Skills' }, example: 'english:7; billing:5' },
      hint: { zh: '技能:等级（1 到 10），用分号隔开', en: 'skill:level (1 to 10), with semicolons between' },
    },
    {
      ...{ id: 'regions', title: { zh: '服务地区', en: 'Regions' }, example: '苏州; 上海' },
      hint: { zh: '用分号隔开；留空为全部', en: 'With semicolons between; empty: all' },
    },
    {
      ...{ id: 'customerLevels', title: { zh: '服务客户等级', en: 'Customer levels' }, example: 'vip; gold' },
      hint: { zh: '用分号隔开；留空为全部', en: 'With semicolons between; empty: all' },
      also: ['客户等级'],
    },
  ],
  async open(db, _of, around) {
    const queues = await db.queues.list();
    const byId = new Map(queues.map(({ id }) => [id, id]));
    const byName = new Map(queues.map(({ id, name }) => [name, id]));
    const abilities = new Map<string, AgentAbilities>();
    const of = (id: string): AgentAbilities => {
      const known = abilities.get(id) ?? { skills: [], regions: [], customerLevels: [] };
      abilities.set(id, known);
      return known;
    };
    for (const { agentId, skill, level } of await db.abilities.skills()) of(agentId).skills.push({ skill, level });
    for (const { agentId, kind, value } of await db.abilities.scopes())
      of(agentId)[kind === 'region' ? 'regions' : 'customerLevels'].push(value);
    const rows = await db.agents.list();
    const existing = new Map(rows.map((row) => [row.id, cellsOf({ row, abilities: of(row.id) })]));
    const taken: Taken[] = [];

    return {
      existing,
      keyOf: ({ id }) => id ?? '',
      check(cells): CheckedRow {
        const named = pieces(cells.queues ?? '');
        const unknown = named.find((one) => !byId.has(one) && !byName.has(one));
        if (unknown !== undefined)
          return says('queues', `没有名为“${unknown}”的队列。`, `There is no queue called “${unknown}”.`);
        const skills = pieces(cells.skills ?? '').map((piece) => {
          const [, skill = piece, level = ''] = /^(.*?)\s*[:：]\s*(\d+)$/.exec(piece) ?? [];
          return { skill: skill.toLowerCase(), level: Number(level) };
        });
        const nameless = skills.find(({ level }) => !(level >= 1 && level <= 10));
        if (nameless !== undefined)
          return says(
            'skills',
            `“${nameless.skill}”缺少 1 到 10 的等级，请写成“技能:等级”。`,
            `“${nameless.skill}” needs a level from 1 to 10, as skill:level.`,
          );
        const checked = check(Row, {
          id: cells.id ?? '',
          name: cells.name ?? '',
          language: languageOf(cells.language ?? '', around.defaultLanguage),
          queues: [...new Set(named.map((one) => byId.get(one) ?? byName.get(one) ?? one))],
          skills,
          regions: pieces(cells.regions ?? ''),
          customerLevels: pieces(cells.customerLevels ?? ''),
        });
        if (!checked.ok) return checked;
        const { skills: can, regions, customerLevels, ...row } = checked.value;
        const one: Taken = { row, abilities: { skills: can, regions, customerLevels } };
        return { ok: true, cells: cellsOf(one), take: () => void taken.push(one) };
      },
      async write(tx) {
        for (const { row, abilities: can } of taken) {
          const { id, ...patch } = row;
          const isNew = !existing.has(id);
          if (isNew) await tx.agents.insert(row);
          else await tx.agents.update(id, patch);
          if (!isNew || Object.values(can).some(({ length }) => length > 0)) await tx.abilities.replace(id, can);
        }
        return [];
      },
    };
  },
};
