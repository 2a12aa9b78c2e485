// A page to be faxed: TIFF with one strip of T.6, white with black bars. Each white row that is like the one before is one bit, so it
// is written down here in a few lines.
const WIDTH = 1728;
const ROWS = 400;
const BAR_EVERY = 40;
const BAR_ROWS = 6;

/** T.4 table 2 and 3: what is needed for a row that is all black or all white. */
const VERTICAL_0 = '1';
const HORIZONTAL = '001';
const WHITE_0 = '00110101';
const WHITE_1728 = '010011011' + WHITE_0;
const BLACK_0 = '0000110111';
const BLACK_1728 = '0000001100101' + BLACK_0;
const END = '000000000001'.repeat(2);

export function testPage(): Buffer {
  let bits = '';
  let black = false;
  for (let row = 0; row < ROWS; row += 1) {
    const bar = row % BAR_EVERY < BAR_ROWS && row >= BAR_EVERY;
    // A row like the one above: a black one changes at both edges, a white one at the right edge alone.
    if (bar === black) bits += bar ? VERTICAL_0 + VERTICAL_0 : VERTICAL_0;
    else if (bar) bits += HORIZONTAL + WHITE_0 + BLACK_1728;
    else bits += HORIZONTAL + WHITE_1728 + BLACK_0;
    black = bar;
  }
  bits += END;
  const strip = Buffer.alloc(Math.ceil(bits.length / 8));
  for (let at = 0; at < bits.length; at += 1)
    if (bits[at] === '1') strip[at >> 3] = (strip[at >> 3] ?? 0) | (0x80 >> (at & 7));

  const [SHORT, LONG, RATIO] = [3, 4, 5];
  const tags: [tag: number, type: number, value: number][] = [
    [256, LONG, WIDTH],
    [257, LONG, ROWS],
    [258, SHORT, 1],
    [259, SHORT, 4],
    [262, SHORT, 0],
    [266, SHORT, 1],
    [273, LONG, 0],
    [277, SHORT, 1],
    [278, LONG, ROWS],
    [279, LONG, strip.length],
    [282, RATIO, 0],
    [283, RATIO, 0],
    [296, SHORT, 2],
  ];
  const directory = 8;
  const ratios = directory + 2 + tags.length * 12 + 4;
  const data = ratios + 16;
  const head = Buffer.alloc(data);
  head.write('II');
  head.writeUInt16LE(42, 2);
  head.writeUInt32LE(directory, 4);
  head.writeUInt16LE(tags.length, directory);
  for (const [index, [tag, type, value]] of tags.entries()) {
    const at = directory + 2 + index * 12;
    head.writeUInt16LE(tag, at);
    head.writeUInt16LE(type, at + 2);
    head.writeUInt32LE(1, at + 4);
    const place = tag === 273 ? data : tag === 282 ? ratios : tag === 283 ? ratios + 8 : value;
    head.writeUInt32LE(place, at + 8);
  }
  // 204 by 98 dots an inch: a fax at its standard fineness.
  head.writeUInt32LE(204, ratios);
  head.writeUInt32LE(1, ratios + 4);
  head.writeUInt32LE(98, ratios + 8);
  head.writeUInt32LE(1, ratios + 12);
  return Buffer.concat([head, strip]);
}
