import { describe, expect, it } from 'vitest';
import { createCollector } from '../../testing/collect.ts';
import { kevJson } from '../../testing/feeds.ts';
import { createScratch } from '../../testing/scratch.ts';
import { kev } from './index.ts';
import { parseKevCatalogue } from './parse.ts';

describe('the catalogue of known exploited vulnerabilities', () => {
  it('gives its entries and its date', () => {
    expect(parseKevCatalogue(kevJson(['CVE-2026-1111'], 'Known'))).toEqual({
      ok: true,
      value: {
        releasedAt: '2026-10-05T12:00:00.000Z',
        entries: [
          {
            vulnerability: 'CVE-2026-1111',
            name: 'A test of CVE-2026-1111',
            dateAdded: '2026-10-02',
            ransomware: true,
            requiredAction: 'Apply updates.',
          },
        ],
      },
    });
    expect(parseKevCatalogue(kevJson(['CVE-2026-1111']))).toMatchObject({
      value: { entries: [{ ransomware: false }] },
    });
  });

  it.each([
    ['no JSON', '{'],
    ['no entries', '{"vulnerabilities":[]}'],
    ['an id that is none', kevJson(['CVE-x'])],
    ['another document', '{"title":"x"}'],
  ])('is refused with %s', (_name, text) => expect(parseKevCatalogue(text).ok).toBe(false));

  it('is read from its file', async () => {
    using scratch = createScratch();
    const { sink, exploited } = createCollector();
    const options = { signal: new AbortController().signal, onProgress: () => {} };
    const outcome = await kev.read(scratch.put('kev.json', kevJson(['CVE-2026-1111', 'CVE-2026-2222'])), sink, options);
    expect(outcome).toMatchObject({ value: { records: 2, dataAt: '2026-10-05T12:00:00.000Z' } });
    expect(exploited).toHaveLength(2);
    expect(await kev.read(`${scratch.folder}/missing`, sink, options)).toMatchObject({ ok: false });
  });
});
