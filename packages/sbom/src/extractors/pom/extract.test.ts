import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, survivesDamage } from '../../testing/extract.ts';
import { pom } from './index.ts';

/** A placeholder, spelled so that it is none of this file. */
const hole = (name: string): string => `$\{${name}}`;

const dependency = (artifact: string, more = ''): string =>
  `<dependency><groupId>g</groupId><artifactId>${artifact}</artifactId>${more}</dependency>`;

const project = `<?xml version="1.0"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><groupId>org.parent</groupId><artifactId>parent</artifactId><version>7</version></parent>
  <artifactId>own</artifactId>
  <properties><a.version>1.\${minor}</a.version><minor>5</minor><loop>\${loop}</loop></properties>
  <dependencies>
    ${dependency('a', `<version>${hole('a.version')}</version>`)}
    ${dependency('b', '<version>[2.0,3.0)</version><scope>test</scope>')}
    ${dependency('managed')}
    ${dependency('own-version', `<version>${hole('project.version')}</version><optional>true</optional>`)}
    ${dependency('loop', `<version>${hole('loop')}</version>`)}
    ${dependency('from-parent', `<version>${hole('from.parent')}</version>`)}
  </dependencies>
  <build><plugins><plugin><dependencies>${dependency('plugin')}</dependencies></plugin></plugins></build>
  <profiles>
    <profile><activation><activeByDefault>true</activeByDefault></activation>
      <dependencies>${dependency('profile', '<version>1</version>')}</dependencies></profile>
    <profile><dependencies>${dependency('inactive', '<version>1</version>')}</dependencies></profile>
  </profiles>
</project>`;

const parent = `<project><groupId>org.parent</groupId><artifactId>parent</artifactId><version>7</version>
  <properties><from.parent>6</from.parent><minor>0</minor></properties>
  <dependencyManagement><dependencies>${dependency('managed', '<version>4</version>')}</dependencies></dependencyManagement>
  <dependencies>${dependency('inherited', '<version>8</version>')}</dependencies></project>`;

describe('pom.xml', () => {
  it('declares packages, with properties, ranges, and what its parent manages', async () => {
    expect(await namesFrom(pom, { '/app/pom.xml': project, '/app/own.txt': '', '/pom.xml': parent })).toEqual([
      'g:a@1.5',
      'g:b@2.0',
      'g:from-parent@6',
      'g:inherited@8',
      'g:inherited@8',
      'g:loop@',
      'g:managed@4',
      'g:own-version@7',
      'g:profile@1',
    ]);
  });

  it('tells scopes, and what the project itself asks for', async () => {
    const { packages } = await extractFrom(pom, { '/pom.xml': project });
    expect(packages.slice(0, 4)).toEqual([
      { name: 'g:a', version: '1.5', isDirect: true },
      { name: 'g:b', version: '2.0', scope: 'test', isDirect: true },
      { name: 'g:managed', version: '', isDirect: true },
      { name: 'g:own-version', version: '7', scope: 'optional', isDirect: true },
    ]);
  });

  it('that is its own parent comes to an end', async () => {
    const text =
      '<project><parent><artifactId>a</artifactId><relativePath>pom.xml</relativePath></parent><artifactId>a</artifactId></project>';
    expect(await namesFrom(pom, { '/pom.xml': text })).toEqual([]);
  });

  it('of something else is a problem', async () => {
    expect((await extractFrom(pom, { '/pom.xml': '<html/>' })).problems).toHaveLength(1);
  });

  it('survives damage', () => survivesDamage(pom, '/pom.xml', project));
});
