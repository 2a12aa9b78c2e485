// Text of files that people made: UTF-8, UTF-16 with its mark, else what Chinese spreadsheets write.

export interface DecodedText {
  text: string;
  encoding: 'utf-8' | 'utf-16le' | 'utf-16be' | 'gb18030';
}

/** undefined: it is text in none of them. */
export function decodeText(bytes: Uint8Array): DecodedText | undefined {
  const [first, second] = bytes;
  const little = first === 0xff && second === 0xfe;
  const tried: DecodedText['encoding'][] = little
    ? ['utf-16le']
    : first === 0xfe && second === 0xff
      ? ['utf-16be']
      : ['utf-8', 'gb18030'];
  for (const encoding of tried) {
    try {
      const text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
      if (!text.includes('\0')) return { text, encoding };
    } catch {
      // The next one.
    }
  }
  return undefined;
}
