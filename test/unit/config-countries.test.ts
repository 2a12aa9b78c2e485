// Every country file there is: it loads, says where its figures come from, and holds what the engine takes.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { knownCountries, readCountry } from '../../daemon/src/config/index.js';

const FOLDER = fileURLToPath(new URL('../../firmware-config/countries', import.meta.url));
const ASIA = ['cn', 'hk', 'tw', 'sg', 'my', 'th', 'in', 'jp'];
const OTHERS = ['us', 'gb', 'de', 'fr', 'au', 'ru', 'br', 'mx', 'es', 'it', 'za'];

test('the countries that are documented are there', () => {
  expect(knownCountries(FOLDER)).toEqual([...ASIA, ...OTHERS].sort());
});

describe.each(knownCountries(FOLDER))('%s', (code) => {
  const { country, numbering } = readCountry(code, FOLDER);

  test('is the country of its name, with sources', () => {
    expect(country.code).toBe(code);
    const { sources } = JSON.parse(readFileSync(join(FOLDER, `${code}.json`), 'utf8')) as { sources: string[] };
    expect(sources.length).toBeGreaterThan(1);
    for (const source of sources) expect(source.length).toBeGreaterThan(10);
  });

  test('is within what the engine takes', () => {
    expect(country.tones.length).toBeLessThanOrEqual(32);
    expect(country.ringCadenceMs.length).toBeLessThanOrEqual(8);
    expect(country.ringCadenceMs.length % 2).toBe(0);
    expect(country.flashMinMs).toBeGreaterThan(72); // the longest break of a dial pulse
    expect(country.flashMaxMs).toBeGreaterThan(country.flashMinMs);
    expect(country.flashMinMs).toBeLessThanOrEqual(1000);
  });

  test('has tones that sound, end and repeat as tones do, each name once', () => {
    expect(new Set(country.tones.map((tone) => tone.name)).size).toBe(country.tones.length);
    for (const tone of country.tones) {
      tone.parts.forEach((part, at) => {
        const last = at === tone.parts.length - 1;
        // A part for ever ends the tone, and nothing comes after it.
        if (part.onMs === 0) expect([tone.name, last, part.offMs]).toEqual([tone.name, true, 0]);
        // All frequencies together stay below what overloads A-law, +3.14 dBm0.
        const peak = 20 * Math.log10(part.frequenciesHz.length) + (part.levelDbm0 ?? -10);
        if (tone.name !== 'howler') expect([tone.name, peak <= 0]).toEqual([tone.name, true]);
        for (const hz of part.frequenciesHz) expect(hz).toBeGreaterThanOrEqual(300);
      });
    }
    for (const name of ['ringback', 'busy', 'congestion']) {
      const tone = country.tones.find((one) => one.name === name);
      expect(tone?.parts.every((part) => part.onMs > 0)).toBe(true);
      expect(tone?.parts.at(-1)?.offMs).toBeGreaterThan(0);
      expect(tone?.repeat).toBe(true);
    }
  });

  test('has a numbering plan that tells emergency, foreign and costly numbers from the others', () => {
    const { emergency, international, internationalPrefix, nationalPrefix, carrierSelection } = numbering;
    expect(new Set(emergency).size).toBe(emergency.length);
    expect(emergency.some((number) => ['112', '911', '999', '110', '190', '191', '000'].includes(number))).toBe(true);
    // The prefix that is dialled before a country code is one of the patterns that are foreign.
    const starts = international.map((pattern) => pattern.replace('.', ''));
    expect(starts.some((start) => internationalPrefix.startsWith(start))).toBe(true);
    expect(internationalPrefix).not.toBe(nationalPrefix);
    for (const pattern of carrierSelection) expect(pattern).not.toContain('.');
    expect(country).not.toHaveProperty('numbering');
  });
});
