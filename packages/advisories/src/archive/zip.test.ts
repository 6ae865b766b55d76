import { describe, expect, it } from 'vitest';
import { zipOf } from '../testing/archives.ts';
import { createScratch } from '../testing/scratch.ts';
import { type ReadZipOptions, readZip } from './zip.ts';

const read = async (content: Buffer, options: Partial<ReadZipOptions> = {}) => {
  using scratch = createScratch();
  const found: [string, string][] = [];
  const outcome = await readZip(scratch.put('archive.zip', content), {
    maxEntries: 10_000,
    maxEntryBytes: 1_000_000,
    wanted: () => true,
    onEntry: (name, bytes) => found.push([name, bytes.toString()]),
    signal: new AbortController().signal,
    ...options,
  });
  return { outcome, found };
};

const files = [
  { name: 'a.json', content: '{"a":1}' },
  { name: 'empty', content: '' },
  { name: 'folder/b.json', content: 'b'.repeat(200_000) },
];

describe('reading a zip of many files', () => {
  it('gives each wanted entry whole', async () => {
    const { outcome, found } = await read(zipOf(files), { wanted: (name) => name.endsWith('.json') });
    expect(outcome.ok).toBe(true);
    expect(found).toEqual([
      ['a.json', '{"a":1}'],
      ['folder/b.json', 'b'.repeat(200_000)],
    ]);
  });

  it('reads entries larger than its window, and thousands of small ones', async () => {
    const noise = Array.from({ length: 600_000 }, (_, index) =>
      String.fromCharCode(33 + ((index * index * 31) % 90)),
    ).join('');
    const many = Array.from({ length: 3000 }, (_, index) => ({ name: `${index}.json`, content: `{"n":${index}}` }));
    const { outcome, found } = await read(zipOf([{ name: 'noise', content: noise.repeat(5) }, ...many]), {
      maxEntryBytes: 10_000_000,
    });
    expect(outcome.ok).toBe(true);
    expect(found).toHaveLength(3001);
    expect(found[0]?.[1]).toBe(noise.repeat(5));
  });

  it.each([
    ['a size that is too small', { sizeBytes: 3 }],
    ['a size that is too large', { sizeBytes: 300 }],
    ['a wrong checksum', { crc: 1 }],
  ])('refuses %s', async (_name, lie) => {
    const { outcome } = await read(zipOf(files, (name) => (name === 'a.json' ? lie : {})));
    expect(outcome).toMatchObject({ ok: false, error: { code: 'broken-archive' } });
  });

  it('refuses large entries, many entries, and names outside the archive', async () => {
    expect((await read(zipOf(files), { maxEntryBytes: 1000 })).outcome).toMatchObject({ error: { code: 'too-large' } });
    expect((await read(zipOf(files), { maxEntries: 2 })).outcome).toMatchObject({ error: { code: 'too-many' } });
    expect((await read(zipOf([{ name: '../evil', content: 'x' }]))).outcome).toMatchObject({ ok: false });
    expect((await read(zipOf([{ name: '/evil', content: 'x' }]))).outcome).toMatchObject({ ok: false });
  });

  it('does not inflate a bomb beyond its stated size', async () => {
    const bomb = zipOf([{ name: 'bomb', content: Buffer.alloc(50_000_000) }], () => ({ sizeBytes: 1000 }));
    expect((await read(bomb)).outcome).toMatchObject({ ok: false, error: { code: 'broken-archive' } });
  });

  it('says that it is broken wherever it is cut', async () => {
    const whole = zipOf(files);
    for (let end = 0; end < whole.length; end += 7) expect((await read(whole.subarray(0, end))).outcome.ok).toBe(false);
  });

  it('survives any wrong byte', async () => {
    const whole = zipOf([{ name: 'a.json', content: '{"a":1}' }]);
    for (let at = 0; at < whole.length; at += 1) {
      const broken = Buffer.from(whole);
      broken[at] = (broken[at] ?? 0) ^ 0xff;
      await read(broken);
    }
  });
});
