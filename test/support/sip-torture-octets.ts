// The notation of RFC 4475 clause 2, so that its messages stand here as they stand there.

/**
 * Octets of a message in that notation: `<allOneLine>` joins the lines inside it, `<hex>` holds octets in hex, `<repeat count=n>` says
 * a text n times. Line ends are CRLF; the line break behind the opening back-tick is none.
 */
export function octets(text: string): Buffer {
  const unrolled = text
    .replace(/^\n/, '')
    .replace(/<allOneLine>\n([^]*?)\n<\/allOneLine>/g, (_, lines: string) => lines.replaceAll('\n', ''))
    .replace(/<repeat count=(\d+)>([^<]*)<\/repeat>/g, (_, count: string, piece: string) =>
      piece.repeat(Number(count)),
    );
  // Even parts are text, odd ones what stood between <hex> and </hex>.
  const parts = unrolled.split(/<\/?hex>/).map((part, i) => {
    if (i % 2 === 1) return Buffer.from(part.replace(/\s/g, ''), 'hex');
    return Buffer.from(part.replaceAll('\n', '\r\n'), 'latin1');
  });
  return Buffer.concat(parts);
}
