import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { zipOf } from '../../testing/zip.ts';
import { javaArchive } from './index.ts';

/** A placeholder, spelled so that it is none of this file. */
const hole = (name: string): string => `$\{${name}}`;

const properties = (artifact: string, version = '1.0'): string =>
  `#Generated\ngroupId=org.sample\nartifactId=${artifact}\nversion=${version}\n`;
const record = (artifact: string): Record<string, string> => ({
  [`META-INF/maven/org.sample/${artifact}/pom.properties`]: properties(artifact),
});
const manifest = (fields: Readonly<Record<string, string>>): Record<string, string> => ({
  'META-INF/MANIFEST.MF': `Manifest-Version: 1.0\r\n${Object.entries(fields)
    .map(([key, value]) => `${key}: ${value}\r\n`)
    .join('')}\r\nName: part\r\nImplementation-Version: 9\r\n`,
});

describe('an archive of Java', () => {
  it('has the packages that Maven recorded, shaded ones too, and is the file by which their use is seen', async () => {
    const jar = zipOf({ ...record('own'), ...record('shaded'), ...manifest({ 'Bundle-License': 'Apache-2.0' }) });
    expect((await extractFrom(javaArchive, { '/lib/own-1.0.jar': jar })).packages).toEqual([
      { name: 'org.sample:own', version: '1.0', licences: ['Apache-2.0'], files: ['/lib/own-1.0.jar'] },
      { name: 'org.sample:shaded', version: '1.0', files: ['/lib/own-1.0.jar'] },
    ]);
  });

  it.each([true, false])('has nested archives (stored: %s)', async (stored) => {
    const war = zipOf({ 'WEB-INF/lib/a-1.0.jar': zipOf(record('a')), ...record('web') }, { stored });
    const { packages } = await extractFrom(javaArchive, { '/srv/app.ear': zipOf({ 'web.war': war }, { stored }) });
    expect(packages.map(({ name, within }) => [name, within])).toEqual([
      ['org.sample:web', 'web.war'],
      ['org.sample:a', 'web.war!/WEB-INF/lib/a-1.0.jar'],
    ]);
  });

  it.each([
    ['commons-io-2.11.0.jar', {}, ['commons-io:commons-io@2.11.0']],
    ['log4j-1.2-api-2.17.1.jar', {}, ['log4j-1.2-api:log4j-1.2-api@2.17.1']],
    ['guava-31.1-jre.jar', { 'Bundle-SymbolicName': 'com.google.guava' }, ['com.google:guava@31.1-jre']],
    ['x-1.0.jar', { 'Implementation-Vendor-Id': 'org.vendor' }, ['org.vendor:x@1.0']],
    ['org.eclipse.part-1.0.jar', {}, ['org.eclipse:org.eclipse.part@1.0']],
    [
      'plain.jar',
      { 'Implementation-Version': '3.1', 'Bundle-SymbolicName': 'a.b.plain;singleton:=true' },
      ['a.b:plain@3.1'],
    ],
    ['plain.jar', { 'Implementation-Version': `${hole('version')}` }, []],
    ['plain.jar', {}, []],
  ])('that states nothing is guessed: %s %s', async (name, fields, expected) => {
    expect(await namesFrom(javaArchive, { [`/lib/${name}`]: zipOf(manifest(fields)) })).toEqual(expected);
  });

  it('passes over placeholders', async () => {
    const jar = zipOf({ 'META-INF/maven/g/a/pom.properties': properties('a', `${hole('project.version')}`) });
    expect(await namesFrom(javaArchive, { '/a.jar': jar })).toEqual([]);
  });

  it('nested without end, and broken ones, are problems', async () => {
    let jar = zipOf(record('deep'));
    for (let level = 0; level < 12; level += 1) jar = zipOf({ 'in.jar': jar, 'bad.jar': 'none' });
    const { packages, problems } = await extractFrom(javaArchive, { '/a.jar': jar, '/none.jar': 'none' });
    expect(packages).toEqual([]);
    expect(problems.some((message) => message.includes('nested more than 8 deep'))).toBe(true);
    expect(problems.some((message) => message.startsWith('/none.jar'))).toBe(true);
  });

  it('that is a bomb unpacks to a limited size', async () => {
    const bomb = zipOf({ 'a.jar': Buffer.alloc(80 * 1024 * 1024), ...record('own') });
    const { packages, problems } = await extractFrom(javaArchive, { '/b.jar': bomb });
    expect(packages).toHaveLength(1);
    expect(problems).toHaveLength(1);
  });

  it('survives damage', () =>
    survivesDamage(javaArchive, '/a-1.jar', zipOf({ 'b.jar': zipOf(record('b')), ...record('a'), ...manifest({}) })));
});
