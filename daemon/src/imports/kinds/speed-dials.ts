// Speed dials that everybody has.
import { SpeedDialPut, SpeedDialSlot } from '../../contract/index.js';
import { check } from '../../platform/index.js';
import type { Cells, CheckedRow, Table } from '../table.js';

const Row = SpeedDialPut.extend({ slot: SpeedDialSlot });
type Dial = ReturnType<typeof Row.parse>;

const cellsOf = ({ slot, number, name }: Dial): Cells => ({ slot, number, name });
/** A spreadsheet has made 7 of 07. */
const slotOf = (cell: string): string => (/^\d$/.test(cell) ? `0${cell}` : cell);

export const speedDialsTable: Table = {
  kind: 'speed-dials',
  key: 'slot',
  needsOf: null,
  tells: null,
  columns: [
    {
      ...{ id: 'slot', title: { zh: '缩位号', en: 'Place' }, required: true, example: '07' },
      hint: { zh: '两位数字，拨 *0 加缩位号加 #', en: 'Two digits, dialled as *0 digits #' },
      also: ['位置', 'slot'],
    },
    {
      ...{ id: 'number', title: { zh: '号码', en: 'Number' }, required: true, example: '051288886666' },
      hint: { zh: '1 到 24 位数字', en: '1 to 24 digits' },
      also: ['电话', '电话号码', 'phone'],
    },
    {
      ...{ id: 'name', title: { zh: '名称', en: 'Name' }, required: true, example: '备件库' },
      hint: { zh: '最多 80 个字', en: '80 characters at most' },
      also: ['姓名'],
    },
  ],
  async open(db) {
    const taken: Dial[] = [];
    return {
      existing: new Map((await db.desk.speedDials('')).map((one) => [one.slot, cellsOf(one)])),
      keyOf: ({ slot }) => slotOf(slot ?? ''),
      check({ slot = '', number = '', name = '' }): CheckedRow {
        const checked = check(Row, { slot: slotOf(slot), number: number.replace(/[ ()-]/g, ''), name });
        if (!checked.ok) return checked;
        const { value } = checked;
        return { ok: true, cells: cellsOf(value), take: () => void taken.push(value) };
      },
      async write(tx) {
        for (const one of taken) await tx.desk.putSpeedDial({ id: `/${one.slot}`, owner: '', ...one });
        return [];
      },
    };
  },
};
