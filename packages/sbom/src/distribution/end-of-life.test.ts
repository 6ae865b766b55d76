import { describe, expect, it } from 'vitest';
import { endOfLifeOf, lastDayOf } from './end-of-life.ts';

const named = (id: string, versionId: string, name = id) => ({ id, versionId, name });

describe('the end of a release', () => {
  it.each([
    ['debian', '10', '2024-06-30'],
    ['debian', '12', '2028-06-30'],
    ['ubuntu', '18.04', '2023-05-31'],
    ['alpine', '3.16.9', '2024-05-23'],
    ['rhel', '7.9', '2024-06-30'],
    ['amzn', '2018.03', '2023-12-31'],
    ['sles', '15.5', '2024-12-31'],
    ['sles', '12', '2016-06-30'],
    ['opensuse-leap', '15.6', '2026-04-30'],
    ['mariner', '2.0', '2025-07-31'],
    ['arch', '', undefined],
    ['opensuse-tumbleweed', '20260101', undefined],
    ['wolfi', '20230201', undefined],
    ['debian', '', undefined],
    ['constructor', 'length', undefined],
    ['debian', 'constructor', undefined],
  ])('of %s %s is %s', (id, versionId, expected) => expect(lastDayOf(named(id, versionId))).toBe(expected));

  it('tells CentOS Stream from the CentOS before it', () => {
    expect(lastDayOf(named('centos', '8', 'CentOS Linux 8'))).toBe('2021-12-31');
    expect(lastDayOf(named('centos', '8', 'CentOS Stream 8'))).toBe('2024-05-31');
  });

  it('is told from the day after on', () => {
    const debian = named('debian', '10', 'Debian GNU/Linux 10 (buster)');
    expect(endOfLifeOf(debian, Date.parse('2024-06-30T20:00:00Z'))).toBeUndefined();
    expect(endOfLifeOf(debian, Date.parse('2024-07-01T00:00:00Z'))).toBe('no security updates since 2024-06-30');
    expect(endOfLifeOf(named('arch', ''), Date.parse('2040-01-01'))).toBeUndefined();
  });
});
