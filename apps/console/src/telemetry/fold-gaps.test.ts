import { describe, expect, it } from 'vitest';
import { foldGaps, type HostGap } from './fold-gaps.ts';

const at = (minute: number): string => new Date(Date.UTC(2026, 10, 20, 12, minute)).toISOString();
const lost = (host: string, from: number, to: number, count: number, cause = 'kernel: ring full'): HostGap => ({
  ...{ hostId: host, hostName: host, collector: 'activity', from: at(from), to: at(to), lost: count, cause },
});
const blind = (host: string, from: number, to: number | undefined, cause: string): HostGap => ({
  ...{ hostId: host, hostName: host, collector: 'files', from: at(from), cause },
  ...(to === undefined ? {} : { to: at(to) }),
});

describe('gaps in the room that there is', () => {
  it('are one where one account follows the other', () => {
    const gaps = [lost('a', 3, 4, 2, 'queue: too large'), lost('b', 3, 4, 7), lost('a', 2, 3, 1), lost('a', 0, 1, 5)];
    expect(foldGaps(gaps, 10)).toEqual([
      lost('a', 2, 4, 3, 'queue: too large, kernel: ring full'),
      lost('b', 3, 4, 7),
      lost('a', 0, 1, 5),
    ]);
  });

  it('are one for each host and collector where they are too many', () => {
    const gaps = [lost('a', 8, 9, 1), lost('a', 5, 6, 2, 'spool: full'), lost('a', 1, 2, 4), lost('b', 0, 1, 8)];
    expect(foldGaps(gaps, 3)).toEqual([lost('a', 1, 9, 7, 'kernel: ring full, spool: full'), lost('b', 0, 1, 8)]);
    const sightless = [
      blind('a', 8, undefined, 'no permission'),
      blind('a', 2, 3, 'the sensor was away'),
      blind('b', 1, 2, 'x'),
    ];
    expect(foldGaps(sightless, 2)).toEqual([
      blind('a', 2, undefined, '2 times: no permission; the sensor was away'),
      blind('b', 1, 2, 'x'),
    ]);
  });

  it('count the hosts that there is no room for, and all that they lost', () => {
    const hosts = Array.from({ length: 50 }, (_, index) => lost(`h${index}`, index, index + 1, 10));
    const folded = foldGaps(hosts, 20);
    expect(folded.length).toBe(20);
    expect(folded.at(-1)).toMatchObject({ hosts: 31, collector: '*', from: at(19), to: at(50), lost: 310 });
    expect(folded.reduce((sum, gap) => sum + (gap.lost ?? 0), 0)).toBe(500);
  });

  it('never name a host and count it among the others too', () => {
    const two = Array.from({ length: 6 }, (_, index) => [
      lost(`h${index}`, index, index + 1, 1),
      { ...lost(`h${index}`, index, index + 1, 1), collector: 'files' },
    ]).flat();
    const folded = foldGaps(two, 6);
    expect(folded.slice(0, -1).map(({ hostId }) => hostId)).toEqual(['h0', 'h0', 'h1', 'h1']);
    expect(folded.at(-1)).toMatchObject({ hosts: 4, lost: 8 });
  });
});
