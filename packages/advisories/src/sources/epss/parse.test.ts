import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createCollector } from '../../testing/collect.ts';
import { epssGz } from '../../testing/feeds.ts';
import { createScratch } from '../../testing/scratch.ts';
import { epss } from './index.ts';
import { parseEpssLine } from './parse.ts';

describe('a line of scores', () => {
  it.each([
    ['CVE-2026-1111,0.00043,0.08311', { kind: 'row', row: ['CVE-2026-1111', 0.00043, 0.08311] }],
    ['cve,epss,percentile', { kind: 'header' }],
    [
      '#model_version:v2025.03.14,score_date:2026-10-06T00:00:00+0000',
      { kind: 'date', scoreDate: '2026-10-06T00:00:00.000Z' },
    ],
    ['#model_version:unknown', { kind: 'header' }],
    ['CVE-2026-1111,1.5,0.5', { kind: 'broken' }],
    ['CVE-2026-1111,-0.1,0.5', { kind: 'broken' }],
    ['CVE-2026-1111,x,0.5', { kind: 'broken' }],
    ['CVE-2026-1111,0.5', { kind: 'broken' }],
    ['CVE-2026-1111,0.5,0.5,0.5', { kind: 'broken' }],
    ['<html>', { kind: 'broken' }],
    ['', { kind: 'broken' }],
  ])('%s', (line, expected) => expect(parseEpssLine(line)).toEqual(expected));
});

describe('the file of scores', () => {
  const read = async (content: Buffer) => {
    using scratch = createScratch();
    const collector = createCollector();
    const options = { signal: new AbortController().signal, onProgress: () => {} };
    return { outcome: await epss.read(scratch.put('epss.gz', content), collector.sink, options), ...collector };
  };
  const rows = Array.from({ length: 50_000 }, (_, index) => [`CVE-2026-${10_000 + index}`, 0.5, 0.9] as const);

  it('gives every score and its date', async () => {
    const { outcome, scores } = await read(epssGz(rows));
    expect(outcome).toMatchObject({ value: { records: 50_000, dataAt: '2026-10-06T00:00:00.000Z' } });
    expect(scores.at(-1)).toEqual(['CVE-2026-59999', 0.5, 0.9]);
  });

  it('is refused when it is cut, no gzip, empty or something else', async () => {
    const whole = epssGz(rows);
    expect((await read(whole.subarray(0, whole.length - 100))).outcome).toMatchObject({
      error: { code: 'truncated-archive' },
    });
    expect((await read(Buffer.from('plain text'))).outcome).toMatchObject({ error: { code: 'truncated-archive' } });
    expect((await read(gzipSync('cve,epss,percentile\n'))).outcome).toMatchObject({ error: { code: 'empty-feed' } });
    expect((await read(gzipSync(`${'<p>error</p>\n'.repeat(100)}CVE-2026-1111,0.1,0.1\n`))).outcome).toMatchObject({
      error: { code: 'broken-records' },
    });
  });

  it('stops when asked', async () => {
    using scratch = createScratch();
    const path = scratch.put('epss.gz', epssGz(rows));
    const options = { signal: AbortSignal.abort(new Error('enough')), onProgress: () => {} };
    await expect(epss.read(path, createCollector().sink, options)).rejects.toThrow('enough');
  });
});
