import { describe, expect, it } from 'vitest';
import { zipOf } from '../../testing/archives.ts';
import { createCollector } from '../../testing/collect.ts';
import { osvRecord, osvZip } from '../../testing/feeds.ts';
import { createScratch } from '../../testing/scratch.ts';
import { osv } from './index.ts';
import { parseOsvRecord } from './parse.ts';

const events = [{ introduced: '0' }, { fixed: '1.2-3' }];

const parse = (id: string, more: Readonly<Record<string, unknown>> = {}, ecosystem = 'Debian:12') => {
  const outcome = parseOsvRecord(JSON.stringify(osvRecord(id, ecosystem, 'openssl', events, more)));
  return outcome.kind === 'advisory' ? outcome.record : outcome.kind;
};

const vulnerabilities = (id: string, more?: Readonly<Record<string, unknown>>): unknown => {
  const record = parse(id, more);
  return typeof record === 'string' ? record : record.vulnerabilities;
};

describe('the vulnerabilities of a record', () => {
  it.each([
    ['DEBIAN-CVE-2026-1234', { upstream: ['CVE-2026-1234'] }, ['CVE-2026-1234']],
    ['ALPINE-CVE-2026-1234', {}, ['CVE-2026-1234']],
    ['CVE-2026-1234', { aliases: ['GHSA-aaaa-bbbb-cccc'] }, ['CVE-2026-1234']],
    ['GHSA-aaaa-bbbb-cccc', { aliases: ['CVE-2026-1234'], related: ['CVE-2026-9999'] }, ['CVE-2026-1234']],
    ['PYSEC-2026-1', { aliases: [] }, ['PYSEC-2026-1']],
    ['DSA-5999-1', { upstream: ['CVE-2026-1', 'CVE-2026-1111', 'CVE-2026-2222'] }, ['CVE-2026-1111', 'CVE-2026-2222']],
    ['ALSA-2026:1234', { related: ['CVE-2026-1111', 'CVE-2026-2222'] }, ['CVE-2026-1111', 'CVE-2026-2222']],
    ['DSA-5999-2', {}, ['DSA-5999-2']],
  ])('of %s %j are %j', (id, more, expected) => expect(vulnerabilities(id, more)).toEqual(expected));

  it('of an erratum that only fixes bugs are none, so it is left out', () => {
    expect(parse('ALBA-2026:1')).toBe('noVulnerability');
    expect(parse('ALEA-2026:1')).toBe('noVulnerability');
    expect(vulnerabilities('ALBA-2026:1', { related: ['CVE-2026-1111'] })).toEqual(['CVE-2026-1111']);
  });
});

describe('a record', () => {
  it('keeps what people and matching need', () => {
    expect(
      parse('GHSA-aaaa-bbbb-cccc', {
        aliases: ['CVE-2026-1234'],
        details: 'First line.\nSecond line.',
        references: [
          { type: 'EVIDENCE', url: 'https://example.org/poc' },
          { type: 'WEB', url: 'javascript:alert(1)' },
        ],
        severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H' }],
        database_specific: { severity: 'CRITICAL' },
      }),
    ).toMatchObject({
      summary: 'First line.',
      aliases: ['CVE-2026-1234'],
      references: [{ type: 'EVIDENCE', url: 'https://example.org/poc' }],
      cvss: [{ version: '3.1', score: 9.8 }],
      publishedSeverity: 'CRITICAL',
      published: '2026-09-01T00:00:00.000Z',
      affected: [{ ecosystem: 'Debian:12', name: 'openssl', versions: [] }],
    });
  });

  it.each([
    [{ severity: [{ type: 'Ubuntu', score: 'medium' }] }, 'medium'],
    [{ summary: 'Important: openssl security update' }, 'Important'],
    [{ severity: [{ type: 'CVSS_V3', score: 'CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N' }] }, 'Low'],
    [{ database_specific: { severity: { nested: 'object' } } }, undefined],
    [{ database_specific: { severity: 'not yet assigned' } }, undefined],
    [{}, undefined],
  ])('is called by its publisher %j: %s', (more, expected) => {
    expect(parse('DSA-1-1', more)).toMatchObject(expected === undefined ? {} : { publishedSeverity: expected });
  });

  it('without ranges of versions is left out', () => {
    expect(
      parse('CVE-2026-1234', {
        affected: [{ package: { ecosystem: 'PyPI', name: 'x' }, ranges: [{ type: 'GIT', events }] }],
      }),
    ).toBe('noVulnerability');
    expect(parse('CVE-2026-1234', { affected: [] })).toBe('noVulnerability');
    expect(parse('CVE-2026-1234', { affected: null })).toBe('noVulnerability');
  });

  it('that is withdrawn is left out', () =>
    expect(parse('CVE-2026-1234', { withdrawn: '2026-01-01T00:00:00Z' })).toBe('withdrawn'));

  it.each(['', '{', '[]', 'null', '{"id":5}', '{"id":""}', `{"id":"${'x'.repeat(300)}"}`, '{"id":"A","affected":"x"}'])(
    'that is no OSV is broken: %s',
    (text) => expect(parseOsvRecord(text).kind).toBe('broken'),
  );

  it('keeps every kind of event in order', () => {
    const all = [{ introduced: '1' }, { fixed: '2' }, { introduced: '3' }, { last_affected: '4' }, { limit: '5' }, {}];
    expect(
      parse('CVE-2026-1234', {
        affected: [{ package: { ecosystem: 'npm', name: 'x' }, ranges: [{ type: 'SEMVER', events: all }] }],
      }),
    ).toMatchObject({
      affected: [
        {
          ranges: [
            {
              events: [
                { kind: 'introduced', version: '1' },
                { kind: 'fixed', version: '2' },
                { kind: 'introduced', version: '3' },
                { kind: 'last_affected', version: '4' },
                { kind: 'limit', version: '5' },
              ],
            },
          ],
        },
      ],
    });
  });
});

describe('an all.zip', () => {
  const read = async (content: Buffer) => {
    using scratch = createScratch();
    const collector = createCollector();
    const options = { signal: new AbortController().signal, onProgress: () => {} };
    return { outcome: await osv.read(scratch.put('all.zip', content), collector.sink, options), ...collector };
  };
  const records = (count: number) =>
    Array.from({ length: count }, (_, index) => osvRecord(`DSA-${index}-1`, 'Debian:12', 'p', events));

  it('gives its records and counts what it left out', async () => {
    const { outcome, advisories } = await read(
      osvZip([
        ...records(500),
        osvRecord('DSA-W-1', 'Debian:12', 'p', events, { withdrawn: '2026-01-01T00:00:00Z' }),
        osvRecord('ALBA-1', 'AlmaLinux:9', 'p', events),
      ]),
    );
    expect(outcome).toMatchObject({
      value: { records: 502, skipped: { withdrawn: 1, broken: 0, noVulnerability: 1 } },
    });
    expect(advisories).toHaveLength(500);
  });

  it('bears a few broken records, and refuses a file full of them', async () => {
    const broken = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ name: `${index}.json`, content: '{' }));
    const whole = records(500).map((record) => ({ name: `${record.id}.json`, content: JSON.stringify(record) }));
    expect((await read(zipOf([...whole, ...broken(3)]))).outcome).toMatchObject({ value: { skipped: { broken: 3 } } });
    expect((await read(zipOf([...whole, ...broken(50)]))).outcome).toMatchObject({ error: { code: 'broken-records' } });
    expect((await read(zipOf([]))).outcome).toMatchObject({ error: { code: 'empty-feed' } });
    expect((await read(zipOf([{ name: 'readme.txt', content: 'x' }]))).outcome).toMatchObject({
      error: { code: 'empty-feed' },
    });
  });
});
