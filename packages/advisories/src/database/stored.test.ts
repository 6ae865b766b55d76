import { describe, expect, it } from 'vitest';
import { cveNumber } from './schema.ts';
import { decodeRanges, encodeRanges } from './stored.ts';

describe('ranges as they are stored', () => {
  it.each([
    { ranges: [], versions: ['1.0'], notes: ['Only on: windows'] },
    {
      ranges: [
        {
          events: [
            { kind: 'introduced', version: '0' },
            { kind: 'fixed', version: '1:2.3~rc1-4' },
          ],
        },
      ],
      versions: [],
      notes: [],
    },
    {
      ranges: [
        {
          events: [
            { kind: 'introduced', version: '' },
            { kind: 'last_affected', version: 'l"\\' },
          ],
        },
        {
          events: [
            { kind: 'introduced', version: 'é' },
            { kind: 'limit', version: '*' },
          ],
        },
      ],
      versions: ['a', 'b'],
      notes: [],
    },
  ] as const)('come back as they were: %j', (ranges) => expect(decodeRanges(encodeRanges(ranges))).toEqual(ranges));

  it('take few characters', () => {
    const ranges = [
      { events: [{ kind: 'introduced', version: '0' } as const, { kind: 'fixed', version: '1.2-3' } as const] },
    ];
    expect(encodeRanges({ ranges, versions: [], notes: [] })).toBe('i0\tf1.2-3');
  });

  it('keeps what separates out of versions, and a range of nothing out', () => {
    const ranges = [{ events: [] }, { events: [{ kind: 'fixed', version: '1\t2\n3\v4' } as const] }];
    expect(decodeRanges(encodeRanges({ ranges, versions: [], notes: [] }))).toEqual({
      ranges: [{ events: [{ kind: 'fixed', version: '1 2 3 4' }] }],
      versions: [],
      notes: [],
    });
  });
});

describe('the number of a CVE', () => {
  it.each([
    ['CVE-2023-1234', 20_230_000_001_234],
    ['CVE-2023-1234567', 20_230_001_234_567],
    ['CVE-1999-0001', 19_990_000_000_001],
    ['CVE-2023-123', undefined],
    ['CVE-2023-12345678901', undefined],
    ['GHSA-aaaa', undefined],
    ['xCVE-2023-1234', undefined],
  ])('%s is %s', (cve, expected) => expect(cveNumber(cve)).toBe(expected));

  it('keeps the order, and different ones apart', () => {
    const ids = ['CVE-1999-0001', 'CVE-2023-1234', 'CVE-2023-99999', 'CVE-2023-1234567', 'CVE-2024-0001'];
    const numbers = ids.map((id) => cveNumber(id) ?? 0);
    expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers);
    expect(new Set(numbers).size).toBe(ids.length);
  });
});
