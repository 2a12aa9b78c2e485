// Sheets as files. Work of tens to hundreds of milliseconds (letters of a font are picked out): done in a thread, never in the
// daemon's own.
import { stringify } from 'csv-stringify/sync';
import writeXlsxFile from 'write-excel-file/node';
import { openPaper } from '../platform/pdf.js';
import { harmless, valueText, type FileFormat, type Sheet, type SheetColumn } from './sheet.js';

export async function sheetFile(sheet: Sheet, format: FileFormat): Promise<Buffer> {
  if (format === 'csv') return csvFile(sheet);
  return format === 'xlsx' ? xlsxFile(sheet) : pdfFile(sheet);
}

function csvFile({ columns, rows, totals }: Sheet): Buffer {
  const cell = (value: string | number | null, unit: SheetColumn['unit']): string => {
    if (value === null) return '';
    if (typeof value === 'string') return harmless(value);
    // Numbers that programs read: seconds, and shares as they are.
    return unit === 'duration' ? String(Math.round(value / 1000)) : String(value);
  };
  const line = (row: Sheet['rows'][number]): string[] =>
    row.map((value, index) => cell(value, columns[index]?.unit ?? 'text'));
  const lines = [columns.map(({ title, unit }) => title + (unit === 'duration' ? ' (s)' : '')), ...rows.map(line)];
  if (totals !== null) lines.push(line(totals));
  return Buffer.from(stringify(lines, { bom: true, record_delimiter: 'windows' }));
}

const FORMATS: Partial<Record<SheetColumn['unit'], string>> = {
  ...{ count: '#,##0', duration: '[h]:mm:ss', share: '0.0%', score: '0.00' },
};
const DAY_MS = 86_400_000;

async function xlsxFile({ title, lines, columns, rows, totals, notes }: Sheet): Promise<Buffer> {
  const text = (value: string, bold = false) => ({
    ...{ value: harmless(value), type: String },
    ...(bold ? { fontWeight: 'bold' as const } : {}),
  });
  const cell = (value: string | number | null, unit: SheetColumn['unit'], bold = false) => {
    if (value === null) return null;
    if (typeof value === 'string') return text(value, bold);
    const format = FORMATS[unit];
    return {
      ...{ value: unit === 'duration' ? value / DAY_MS : value, type: Number },
      ...(format === undefined ? {} : { format }),
      ...(bold ? { fontWeight: 'bold' as const } : {}),
    };
  };
  const line = (row: Sheet['rows'][number], bold = false) =>
    row.map((value, index) => cell(value, columns[index]?.unit ?? 'text', bold));
  const data = [
    [text(title, true)],
    ...lines.map((one) => [text(one)]),
    [],
    columns.map(({ title: name }) => text(name, true)),
    ...rows.map((row) => line(row)),
    ...(totals === null ? [] : [line(totals, true)]),
    [],
    ...notes.map((note) => [text(note)]),
  ];
  const widths = columns.map(({ title: name, unit }) => ({
    width: unit === 'text' || unit === 'at' ? 22 : Math.max(11, wide(name) + 2),
  }));
  return writeXlsxFile(data, {
    columns: widths,
    stickyRowsCount: lines.length + 3,
    sheet: title.slice(0, 31),
  }).toBuffer();
}

/** Chinese letters take the room of two. */
const wide = (text: string): number => [...text].reduce((sum, one) => sum + (one > '⺀' ? 2 : 1), 0);

const MARGIN = 32;
const SIZE = 7.5;
const LINE = 14;

function pdfFile({ title, lines, columns, rows, totals, notes }: Sheet): Promise<Buffer> {
  const { doc, close } = openPaper(title, MARGIN, 'landscape');
  const room = doc.page.width - 2 * MARGIN;
  const bottom = doc.page.height - MARGIN - LINE;
  const weights = columns.map(({ title: name, unit }, index) =>
    Math.max(
      wide(name) * 0.8,
      ...[...rows.slice(0, 200), ...(totals === null ? [] : [totals])].map((row) =>
        Math.min(28, wide(valueText(row[index] ?? null, unit))),
      ),
      4,
    ),
  );
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const widths = weights.map((weight) => (weight / all) * room);
  let y = MARGIN;

  const row = (texts: readonly string[], height = LINE, strong = false): void => {
    let x = MARGIN;
    for (const [index, text] of texts.entries()) {
      const width = widths[index] ?? 0;
      const right = !['text', 'at'].includes(columns[index]?.unit ?? 'text');
      doc
        .fontSize(SIZE)
        .fillColor(strong ? '#000000' : '#222222')
        .text(text, x + 2, y + 2, {
          ...{
            width: width - 4,
            height: height - 2,
            align: right ? 'right' : 'left',
            ellipsis: true,
            lineBreak: height > LINE,
          },
        });
      x += width;
    }
    y += height;
    doc
      .moveTo(MARGIN, y)
      .lineTo(MARGIN + room, y)
      .lineWidth(strong ? 0.8 : 0.3)
      .strokeColor(strong ? '#555555' : '#cccccc')
      .stroke();
  };
  const head = (): void =>
    row(
      columns.map(({ title: name }) => name),
      2 * LINE,
      true,
    );
  const next = (): void => {
    doc.addPage();
    y = MARGIN;
  };

  doc.fontSize(15).fillColor('#000000').text(title, MARGIN, y);
  y += 24;
  for (const line of lines) {
    doc.fontSize(9).fillColor('#555555').text(line, MARGIN, y);
    y += 14;
  }
  y += 6;
  head();
  for (const values of rows) {
    if (y + LINE > bottom) {
      next();
      head();
    }
    row(values.map((value, index) => valueText(value, columns[index]?.unit ?? 'text')));
  }
  if (totals !== null) {
    if (y + LINE > bottom) next();
    row(
      totals.map((value, index) => valueText(value, columns[index]?.unit ?? 'text')),
      LINE,
      true,
    );
  }
  y += 8;
  for (const note of notes) {
    if (y + 12 > bottom) next();
    doc
      .fontSize(7)
      .fillColor('#555555')
      .text(note, MARGIN, y, { width: room, height: 12, ellipsis: true, lineBreak: false });
    y += 11;
  }
  return close('', '#777777');
}
