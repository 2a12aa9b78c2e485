/** Of a file that is read in, whatever it claims to be. */
export const LIMITS = {
  bytes: 8_000_000,
  rows: 20_000,
  columns: 60,
  /** in one cell */
  characters: 4000,
  /** of a workbook, unpacked; Excel packs ten to one at most */
  unpackedBytes: 80_000_000,
  /** files in a workbook */
  entries: 500,
  readMs: 30_000,
  /** what is written is written in one piece: five hundred rows are seconds on a busy machine */
  writeMs: 10_000,
  writeRowMs: 25,
} as const;
