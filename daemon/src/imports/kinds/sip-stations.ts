// Accounts of SIP telephones. What a file says nothing of is as it is at first; secrets are made, and told once.
import { Language, SipStationCreate } from '../../contract/index.js';
import type { SipStationRow } from '../../db/index.js';
import { check } from '../../platform/index.js';
import { digestHashes, newSecret } from '../../sip/index.js';
import {
  booleanOf,
  languageCell,
  languageOf,
  says,
  type Cells,
  type CheckedRow,
  type Surroundings,
  type Table,
} from '../table.js';

const Row = SipStationCreate.extend({ language: Language, name: SipStationCreate.shape.name.unwrap() });
type Station = ReturnType<typeof Row.parse>;
type Said = Pick<Station, 'number' | 'name' | 'language' | 'callingNumber' | 'enabled'>;

const cellsOf = ({ number, name, language, callingNumber, enabled }: Said): Cells => ({
  number: String(number),
  name,
  language: languageCell(language),
  callingNumber,
  enabled: enabled ? '是' : '否',
});

function newRow(station: Station, secret: string, { sipDomain, nowMs }: Surroundings): SipStationRow {
  const hashes = digestHashes(String(station.number), sipDomain, secret);
  return {
    ...station,
    srtp: station.srtp ?? (station.security === 'tls' ? 'required' : 'none'),
    ...{ realm: sipDomain, ha1Md5: hashes.MD5, ha1Sha256: hashes['SHA-256'], createdAt: nowMs },
  };
}

export const sipStationsTable: Table = {
  kind: 'sip-stations',
  key: 'number',
  needsOf: null,
  tells: 'sip',
  columns: [
    {
      ...{ id: 'number', title: { zh: '分机号', en: 'Number' }, required: true, example: '1001' },
      hint: { zh: '4 到 8 位数字，不以 0 开头', en: '4 to 8 digits, the first not 0' },
      also: ['号码', '分机', 'extension'],
    },
    {
      ...{ id: 'name', title: { zh: '名称', en: 'Name' }, example: '前台' },
      hint: { zh: '显示给被叫；留空为分机号', en: 'Shown to those who are called; empty: the number' },
      also: ['姓名'],
    },
    {
      ...{ id: 'language', title: { zh: '语言', en: 'Language' }, example: '中文' },
      hint: { zh: '中文或英文；留空为系统语言', en: 'Chinese or English; empty: that of the box' },
    },
    {
      ...{ id: 'callingNumber', title: { zh: '外显号码', en: 'Shown number' }, example: '' },
      hint: { zh: '显示给外线；留空为中继号码', en: "Shown to those outside; empty: the trunk's" },
      also: ['主叫号码'],
    },
    {
      ...{ id: 'enabled', title: { zh: '启用', en: 'On' }, example: '是' },
      hint: { zh: '是或否；留空为是', en: 'Yes or no; empty: yes' },
    },
  ],
  async open(db, _of, around) {
    const rows = await db.sipStations.list();
    const existing = new Map(rows.map((row) => [String(row.number), cellsOf(row)]));
    const taken: Station[] = [];
    return {
      existing,
      keyOf: ({ number }) => number ?? '',
      check({ number = '', name = '', language = '', callingNumber = '', enabled = '' }): CheckedRow {
        const checked = check(Row, {
          number: Number(number),
          name: name === '' ? number : name,
          language: languageOf(language, around.defaultLanguage),
          callingNumber,
          enabled: booleanOf(enabled, true),
        });
        if (!checked.ok) return checked;
        const { value } = checked;
        const reserved = around.reservedBy(value.number);
        if (reserved !== undefined && !existing.has(number))
          return says(
            'number',
            `号码以紧急号码 ${reserved} 开头，不能使用。`,
            `The number begins with the emergency number ${reserved} and cannot be used.`,
          );
        return { ok: true, cells: cellsOf(value), take: () => void taken.push(value) };
      },
      async write(tx) {
        const secrets: { key: string; secret: string }[] = [];
        for (const station of taken) {
          const { number, name, language, callingNumber, enabled } = station;
          if (existing.has(String(number))) {
            await tx.sipStations.update(number, { name, language, callingNumber, enabled });
            continue;
          }
          const secret = newSecret();
          await tx.sipStations.insert(newRow(station, secret, around));
          secrets.push({ key: String(number), secret });
        }
        return secrets;
      },
    };
  },
};
