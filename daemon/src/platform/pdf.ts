// A page of paper to write on. For threads of their own: letters of a font are picked out, which takes hundreds of milliseconds.
import { existsSync } from 'node:fs';
import PDFDocument from 'pdfkit';

const FONT = '/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc';

export interface Paper {
  doc: PDFKit.PDFDocument;
  /** Numbers the pages at their foot, `before` the number, and gives the file. */
  close(before: string, colour: string): Promise<Buffer>;
}

/** `margin`: points. Without the font (another system) Latin letters are all there is. */
export function openPaper(title: string, margin: number, layout: 'portrait' | 'landscape' = 'portrait'): Paper {
  const doc = new PDFDocument({
    ...{ size: 'A4', layout, bufferPages: true, info: { Title: title } },
    margins: { top: margin, left: margin, right: margin, bottom: margin },
  });
  const pieces: Buffer[] = [];
  const done = new Promise<Buffer>((resolve, reject) => {
    doc.on('data', (piece: Buffer) => pieces.push(piece));
    doc.on('end', () => resolve(Buffer.concat(pieces)));
    doc.on('error', reject);
  });
  if (existsSync(FONT)) doc.registerFont('text', FONT, 'NotoSansCJKsc-Regular').font('text');
  return {
    doc,
    close(before, colour) {
      const { count } = doc.bufferedPageRange();
      for (let page = 0; page < count; page += 1) {
        doc.switchToPage(page);
        // What reaches into the margin would begin a page of its own.
        doc.page.margins.bottom = 0;
        const width = doc.page.width - 2 * margin;
        doc
          .fontSize(7)
          .fillColor(colour)
          .text(`${before}${page + 1} / ${count}`, margin, doc.page.height - margin - 8, {
            ...{ width, align: 'right', lineBreak: false },
          });
      }
      doc.end();
      return done;
    },
  };
}
