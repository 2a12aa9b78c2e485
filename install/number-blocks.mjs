// Makes firmware-config/numbers/cn.txt, the regions and carriers of Chinese numbers, from the data of Google's libphonenumber:
//   git clone https://github.com/google/libphonenumber && node install/number-blocks.mjs libphonenumber/resources
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/paths.mjs';

const [resources] = process.argv.slice(2);
if (resources === undefined) {
  process.stderr.write('Say where the folder "resources" of libphonenumber is.\n');
  process.exit(2);
}

/** Prefixes without the country code, and what stands behind them. */
function read(kind, language) {
  const lines = readFileSync(join(resources, kind, language, '86.txt'), 'utf8').split('\n');
  return new Map(lines.filter((line) => /^86\d+\|/.test(line)).map((line) => line.slice(2).trim().split('|')));
}

const PROVINCES =
  /^(北京|天津|上海|重庆|河北|山西|内蒙古|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|广西|海南|四川|贵州|云南|西藏|陕西|甘肃|青海|宁夏|新疆)(?:省|市|(?:壮族|回族|维吾尔)?自治区)?/;

/** province zh, province en, city zh, city en; a municipality is both. */
function placeOf(zh, en) {
  const province = PROVINCES.exec(zh);
  if (province === null) throw new Error(`no province is known of ${zh} (${en})`);
  const cityZh = zh.slice(province[0].length).replace(/市$/, '');
  const [first, second] = en.split(', ');
  return [province[1], second ?? first, cityZh === '' ? (second === undefined ? province[1] : '') : cityZh, first].join(
    '\t',
  );
}

const [zh, en] = [read('geocoding', 'zh'), read('geocoding', 'en')];
const [carrierZh, carrierEn] = [read('carrier', 'zh'), read('carrier', 'en')];
const longest = (table, digits) => {
  for (let length = digits.length; length > 1; length -= 1) {
    const found = table.get(digits.slice(0, length));
    if (found !== undefined) return found;
  }
  return undefined;
};

const places = new Map();
const numberOf = (place) => {
  if (!places.has(place)) places.set(place, places.size + 1);
  return places.get(place);
};

const areas = [];
for (const [prefix, name] of zh) {
  if (/^1[3-9]/.test(prefix)) continue;
  const place = numberOf(placeOf(name, en.get(prefix) ?? name));
  areas.push(`a\t${prefix}\t${place}`);
}

const runs = [];
for (let block = 1_300_000; block < 2_000_000; block += 1) {
  const digits = String(block);
  const name = longest(zh, digits);
  const place = name === undefined ? 0 : numberOf(placeOf(name, longest(en, digits) ?? name));
  const last = runs.at(-1);
  if (last?.place === place) last.count += 1;
  else runs.push({ place, count: 1 });
}

const carriers = [...carrierZh].filter(([prefix]) => /^1/.test(prefix));
const text = [
  '# Regions and carriers of Chinese telephone numbers, made by install/number-blocks.mjs of the metadata of libphonenumber',
  '# (https://github.com/google/libphonenumber, Copyright The Libphonenumber Authors), under the Apache License, Version 2.0',
  '# (https://www.apache.org/licenses/LICENSE-2.0). Changed: names taken apart, blocks put together.',
  '# p: number of a place, province, city, each in Chinese and English; c: first digits of mobile numbers, carrier;',
  '# a: area code, place; m: blocks of mobile numbers (7 digits) from 1300000 on, runs of place*count, 0: not known',
  ...[...places].map(([place, number]) => `p\t${number}\t${place}`),
  ...carriers.map(([prefix, name]) => `c\t${prefix}\t${name}\t${carrierEn.get(prefix) ?? name}`),
  ...areas,
];
for (let at = 0; at < runs.length; at += 200) {
  const some = runs
    .slice(at, at + 200)
    .map(({ place, count }) => (count === 1 ? place.toString(36) : `${place.toString(36)}*${count.toString(36)}`));
  text.push(`m\t${some.join(' ')}`);
}
writeFileSync(join(root, 'firmware-config/numbers/cn.txt'), `${text.join('\n')}\n`);
process.stdout.write(`${places.size} places, ${areas.length} area codes, ${runs.length} runs of blocks\n`);
