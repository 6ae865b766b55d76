import type { Package } from '@parapet/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AdvisoryDatabase } from '../model.ts';
import { databaseOf } from '../testing/database.ts';
import { osvRecord } from '../testing/feeds.ts';
import { createScratch } from '../testing/scratch.ts';
import { languageRuleOf, normaliseName } from './languages.ts';

describe('normaliseName', () => {
  it.each([
    ['PyPI', 'Foo_.-Bar', 'foo-bar'],
    ['crates.io', 'Serde_JSON', 'serde-json'],
    ['Packagist', 'Symfony/Http-Kernel', 'symfony/http-kernel'],
    ['NuGet', 'Newtonsoft.Json', 'newtonsoft.json'],
    ['Go', 'github.com/Masterminds/goutils', 'github.com/masterminds/goutils'],
    ['SwiftURL', 'https://github.com/Apple/swift-nio.git', 'github.com/apple/swift-nio'],
    ['npm', '@Scope/Name', '@Scope/Name'],
    ['Maven', 'org.X:Y', 'org.X:Y'],
    ['Debian:12', 'Openssl', 'Openssl'],
    ['constructor', 'X', 'X'],
  ])('%s %s is %s', (ecosystem, name, expected) => expect(normaliseName(ecosystem, name)).toBe(expected));
});

describe('the version of a package', () => {
  it.each([
    ['npm', 'x', '1.2.3', '1.2.3'],
    ['npm', 'x', '^1.2.3', undefined],
    ['npm', 'x', '1.2.3 || 2', undefined],
    ['npm', 'x', 'latest', undefined],
    ['npm', 'x', '', undefined],
    ['composer', 'x/y', 'v1.2', 'v1.2'],
    ['composer', 'x/y', 'dev-main', undefined],
    ['pypi', 'x', '1!2.0rc1', '1!2.0rc1'],
    ['pypi', 'x', '>=1.0', undefined],
    ['maven', 'g:a', 'Finchley.SR4', 'Finchley.SR4'],
    ['maven', 'g:a', '[1.0,2.0)', undefined],
    ['maven', 'g:a', ['$', '{version}'].join(''), undefined],
    ['golang', 'stdlib', 'go1.21.3 X:boringcrypto', '1.21.3'],
    ['golang', 'stdlib', 'go1.22.1-vendor', '1.22.1'],
    ['golang', 'stdlib', 'go1.21rc2', '1.21rc2'],
    ['golang', 'stdlib', 'devel +abc', undefined],
    ['golang', 'a.b/c', '(devel)', undefined],
    ['golang', 'a.b/c', 'v0.0.0-20210101000000-abcdefabcdef', 'v0.0.0-20210101000000-abcdefabcdef'],
    ['conan', 'x', 'cci.20200203', 'cci.20200203'],
    ['generic', 'nginx', '1.22.1', '1.22.1'],
    ['generic', 'linux', '6.1.0-13-amd64', undefined],
  ])('%s %s %j is %j', (type, name, version, expected) =>
    expect(languageRuleOf(type)?.versionOf(version, name)).toBe(expected),
  );

  it('of a program without a package manager is asked for by the name that advisories use', () => {
    expect(languageRuleOf('generic')?.nameOf?.('httpd')).toBe('apache');
    expect(languageRuleOf('generic')?.nameOf?.('nginx')).toBe('nginx');
  });

  it.each(['dpkg', '', 'toString'])('%j is no language', (type) => expect(languageRuleOf(type)).toBeUndefined());
});

const scratch = createScratch();
let database: AdvisoryDatabase;

const range = (...events: readonly Readonly<Record<string, string>>[]) => [{ type: 'ECOSYSTEM', events }];

/** A record with its `affected` as it is given. */
const record = (id: string, affected: readonly object[], more: Readonly<Record<string, unknown>> = {}) => ({
  ...osvRecord(id, 'x', 'x', []),
  affected,
  ...more,
});

beforeAll(async () => {
  database = await databaseOf(scratch, {
    records: [
      record(
        'GHSA-aaaa-aaaa-aaaa',
        [{ package: { ecosystem: 'npm', name: 'lodash' }, ranges: range({ introduced: '0' }, { fixed: '4.17.21' }) }],
        {
          aliases: ['CVE-2026-0001'],
          summary: 'Prototype pollution',
        },
      ),
      record(
        'PYSEC-2026-1',
        [
          {
            package: { ecosystem: 'PyPI', name: 'Foo_Bar' },
            ranges: range({ introduced: '0' }, { fixed: '1.5' }),
            versions: ['1.0', '1.4', '3.0b1'],
          },
        ],
        {
          aliases: ['GHSA-bbbb-bbbb-bbbb'],
        },
      ),
      record('GHSA-bbbb-bbbb-bbbb', [
        {
          package: { ecosystem: 'PyPI', name: 'foo-bar' },
          ranges: range({ introduced: '0' }, { last_affected: '1.5' }),
        },
      ]),
      record('RUSTSEC-2026-0001', [
        {
          package: { ecosystem: 'crates.io', name: 'old_crate' },
          ranges: [
            {
              type: 'SEMVER',
              events: [{ introduced: '0.0.0-0' }, { fixed: '1.0.0' }, { introduced: '2.0.0' }, { fixed: '2.0.3' }],
            },
          ],
          ecosystem_specific: { affects: { functions: ['old_crate::f'], os: ['windows'] } },
        },
      ]),
      record(
        'GO-2026-0001',
        [
          {
            package: { ecosystem: 'Go', name: 'stdlib' },
            ranges: [
              {
                type: 'SEMVER',
                events: [{ introduced: '0' }, { fixed: '1.20.8' }, { introduced: '1.21.0-0' }, { fixed: '1.21.1' }],
              },
            ],
            ecosystem_specific: { imports: [{ path: 'html/template', symbols: ['Template.Execute'] }] },
          },
        ],
        { aliases: ['CVE-2026-0002'] },
      ),
      record(
        'GHSA-cccc-cccc-cccc',
        [
          {
            package: { ecosystem: 'Maven', name: 'org.x:y' },
            ranges: range({ introduced: '2.0' }, { fixed: '2.17.1' }),
          },
        ],
        {
          aliases: ['CVE-2026-0003'],
        },
      ),
      record('GHSA-dddd-dddd-dddd', [
        {
          package: { ecosystem: 'npm', name: 'git-only' },
          ranges: [{ type: 'GIT', repo: 'https://x', events: [{ introduced: '0' }] }],
        },
      ]),
      record('MAL-2026-1', [{ package: { ecosystem: 'npm', name: 'evil' }, versions: ['1.0.0', '1.0.1'] }]),
      record('GHSA-eeee-eeee-eeee', [
        { package: { ecosystem: 'npm', name: 'limited' }, ranges: range({ introduced: '1.0.0' }, { limit: '2.0.0' }) },
      ]),
      osvRecord('DSA-1-1', 'Debian:12', 'python3-foo-bar', [{ introduced: '0' }, { fixed: '0.9' }], {
        upstream: ['CVE-2026-0009'],
      }),
    ],
    exploited: ['CVE-2026-0001'],
  });
});
afterAll(() => {
  database.close();
  scratch[Symbol.dispose]();
});

const installed = (type: string, name: string, version: string, more: Partial<Package> = {}): Package => ({
  purl: `pkg:${type}/${name}@${version}`,
  type,
  name,
  version,
  licences: [],
  location: '/app',
  files: [],
  ...more,
});
const debian = { id: 'debian', versionId: '12', name: 'Debian' };
const found = (item: Package, distribution: typeof debian | undefined = undefined): string[] =>
  database
    .match([item], distribution)
    .map(({ vulnerability, advisoryId, fixedVersion }) => `${vulnerability} ${advisoryId} ${fixedVersion ?? '-'}`);

describe('packages of languages', () => {
  it.each([
    ['npm', 'lodash', '4.17.20', ['CVE-2026-0001 GHSA-aaaa-aaaa-aaaa 4.17.21']],
    ['npm', 'lodash', '4.17.21', []],
    ['npm', 'lodash', '^4.0.0', []],
    ['npm', 'Lodash', '4.17.20', []],
    ['golang', 'stdlib', 'go1.21.0', ['CVE-2026-0002 GO-2026-0001 1.21.1']],
    ['golang', 'stdlib', 'go1.20.8', []],
    ['maven', 'org.x:y', '2.9.0', ['CVE-2026-0003 GHSA-cccc-cccc-cccc 2.17.1']],
    ['maven', 'org.x:y', '1.9', []],
    ['cargo', 'old-crate', '2.0.1', ['RUSTSEC-2026-0001 RUSTSEC-2026-0001 2.0.3']],
    ['cargo', 'old_crate', '1.5.0', []],
    ['npm', 'git-only', '1.0.0', []],
    ['npm', 'evil', '1.0.1', ['MAL-2026-1 MAL-2026-1 -']],
    ['npm', 'evil', '1.0.2', []],
    ['npm', 'limited', '1.9.9', ['GHSA-eeee-eeee-eeee GHSA-eeee-eeee-eeee -']],
    ['npm', 'limited', '2.0.0', []],
  ])('%s %s %s: %j', (type, name, version, expected) =>
    expect(found(installed(type, name, version))).toEqual(expected),
  );

  it('are one vulnerability by whatever names it has', () => {
    const [match, ...others] = database.match([installed('pypi', 'foo.bar', '1.4')], undefined);
    expect(others).toEqual([]);
    expect(match).toMatchObject({
      vulnerability: 'GHSA-bbbb-bbbb-bbbb',
      aliases: ['PYSEC-2026-1'],
      ecosystem: 'PyPI',
      fixedVersion: '1.5',
    });
    expect(found(installed('pypi', 'foo-bar', '1.5'))).toEqual(['GHSA-bbbb-bbbb-bbbb GHSA-bbbb-bbbb-bbbb -']);
    // By name alone, outside of every range.
    expect(found(installed('pypi', 'foo-bar', '3.0b1'))).toEqual(['PYSEC-2026-1 PYSEC-2026-1 -']);
  });

  it('say what narrows it', () => {
    expect(database.match([installed('golang', 'stdlib', 'go1.21.0')], undefined)[0]?.notes).toEqual([
      'Affected in html/template: Template.Execute',
    ]);
    expect(database.match([installed('cargo', 'old_crate', '0.1.0')], undefined)[0]?.notes).toEqual([
      'Affected functions: old_crate::f',
      'Only on: windows',
    ]);
  });

  it('carry what is known of the vulnerability', () => {
    expect(database.match([installed('npm', 'lodash', '4.0.0')], debian)[0]).toMatchObject({
      summary: 'Prototype pollution',
      kev: { dateAdded: '2026-10-02' },
    });
  });

  it('that a distribution owns are its business, where its advisories are known', () => {
    const owned = installed('pypi', 'foo-bar', '1.4', { owner: 'pkg:deb/debian/python3-foo-bar@1.4-1' });
    expect(found(owned, debian)).toEqual([]);
    expect(found(owned, { ...debian, id: 'arch', versionId: '' })).toHaveLength(1);
    expect(found(installed('pypi', 'foo-bar', '1.4'), debian)).toHaveLength(1);
  });

  it('can be asked about one by one', () => {
    expect(database.affecting('PyPI', 'Foo.Bar', '1.4')).toEqual(['PYSEC-2026-1', 'GHSA-bbbb-bbbb-bbbb']);
    expect(database.affecting('Debian:12', 'python3-foo-bar', '0.8')).toEqual(['DSA-1-1']);
    expect(database.affecting('Nowhere', 'x', '1')).toEqual([]);
  });

  it('have a coverage of their own', () => {
    expect(database.coverageOfType('npm')).toMatchObject({ ecosystems: ['npm'] });
    expect(database.coverageOfType('hex')).toEqual({ ecosystems: [], entries: 0 });
    expect(database.coverageOfType('dpkg')).toEqual({ ecosystems: [], entries: 0 });
  });
});
