// What is taken out of a workbook before anything reads it. A workbook is a ZIP of XML files; a hostile one unpacks to
// gigabytes, says one size and has another, hides files from its directory or places one cell a million rows down. Only
// files that hold cells are taken, each unpacked within bounds, and packed anew without compression.
import { inflateRawSync } from 'node:zlib';
import { LIMITS } from './limits.js';

export class WorkbookError extends Error {
  constructor(readonly why: 'unreadable' | 'tooLarge') {
    super(why);
  }
}

const END = 0x06054b50;
const DIRECTORY = 0x02014b50;
const LOCAL = 0x04034b50;
const NEEDED =
  /^(?:\[Content_Types\]\.xml|_rels\/\.rels|xl\/(?:workbook|sharedStrings|styles)\.xml|xl\/_rels\/workbook\.xml\.rels|xl\/worksheets\/[A-Za-z0-9_-]+\.xml)$/;
const SHEET = /^xl\/worksheets\//;

interface Entry {
  name: string;
  data: Buffer;
}

/** A workbook with what is needed of this one. WorkbookError. */
export function cleaned(file: Buffer): Buffer {
  try {
    const entries = taken(file);
    for (const { name, data } of entries) if (SHEET.test(name)) mustBeBounded(data);
    return stored(entries);
  } catch (error) {
    // RangeError: an offset that leads out of the file, or more than was allowed when unpacked
    if (error instanceof WorkbookError) throw error;
    throw new WorkbookError((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? 'tooLarge' : 'unreadable');
  }
}

function taken(file: Buffer): Entry[] {
  const end = file.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || file.readUInt32LE(end) !== END) throw new WorkbookError('unreadable');
  const count = file.readUInt16LE(end + 10);
  if (count > LIMITS.entries) throw new WorkbookError('tooLarge');
  let at = file.readUInt32LE(end + 16);
  let room: number = LIMITS.unpackedBytes;
  const entries: Entry[] = [];
  for (let i = 0; i < count; i += 1) {
    if (file.readUInt32LE(at) !== DIRECTORY) throw new WorkbookError('unreadable');
    const flags = file.readUInt16LE(at + 8);
    const method = file.readUInt16LE(at + 10);
    const size = file.readUInt32LE(at + 20);
    const nameLength = file.readUInt16LE(at + 28);
    const local = file.readUInt32LE(at + 42);
    const name = file.toString('latin1', at + 46, at + 46 + nameLength);
    at += 46 + nameLength + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
    if (!NEEDED.test(name) || entries.some((one) => one.name === name)) continue;
    // encrypted
    if ((flags & 1) !== 0) throw new WorkbookError('unreadable');
    if (file.readUInt32LE(local) !== LOCAL) throw new WorkbookError('unreadable');
    const from = local + 30 + file.readUInt16LE(local + 26) + file.readUInt16LE(local + 28);
    if (from + size > file.length) throw new WorkbookError('unreadable');
    const packed = file.subarray(from, from + size);
    if (method !== 0 && method !== 8) throw new WorkbookError('unreadable');
    const data = method === 0 ? packed : inflateRawSync(packed, { maxOutputLength: Math.max(1, room) });
    room -= data.length;
    if (room < 0) throw new WorkbookError('tooLarge');
    entries.push({ name, data });
  }
  if (!entries.some(({ name }) => SHEET.test(name))) throw new WorkbookError('unreadable');
  return entries;
}

/** A reader makes room for every row and column up to the last one that is named. */
function mustBeBounded(sheet: Buffer): void {
  const xml = sheet.toString('latin1');
  if (xml.includes('<!DOCTYPE') || xml.includes('<!ENTITY')) throw new WorkbookError('unreadable');
  for (const [, letters = '', row = ''] of xml.matchAll(
    /\b(?:r|ref)\s*=\s*["'](?:[A-Z]+[0-9]+:)?([A-Z]*)([0-9]*)["']/g,
  )) {
    if (Number(row) > LIMITS.rows + 1 + SPARE_ROWS || columnOf(letters) > MOST_COLUMN)
      throw new WorkbookError('tooLarge');
  }
}

/** empty ones that people leave between and below */
const SPARE_ROWS = 1000;
const MOST_COLUMN = 256;

function columnOf(letters: string): number {
  let column = 0;
  for (const letter of letters.slice(0, 4)) column = column * 26 + letter.charCodeAt(0) - 64;
  return column;
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = (c & 1) !== 0 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function crc32(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (CRC[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** A ZIP without compression (APPNOTE 4.3). */
function stored(entries: readonly Entry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data } of entries) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const title = Buffer.from(name, 'latin1');
    const head = Buffer.alloc(4);
    head.writeUInt32LE(LOCAL);
    files.push(head, common, title, data);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(DIRECTORY, 0);
    entry.writeUInt16LE(20, 4);
    common.copy(entry, 6);
    entry.writeUInt32LE(offset, 42);
    directory.push(entry, title);
    offset += 30 + title.length + data.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(END, 0);
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(listed.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, listed, end]);
}
