import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { schemeOf, schemes } from './registry.ts';

const folder = join(import.meta.dirname, 'schemes');

describe('the registry of version schemes', () => {
  it('has every folder, and nothing else', () => {
    expect(schemes.map(({ name }) => name).sort()).toEqual(readdirSync(folder).sort());
  });

  it.each(readdirSync(folder))('%s has the files of a scheme', (name) => {
    expect(readdirSync(join(folder, name)).sort()).toEqual(['compare.test.ts', 'compare.ts', 'index.ts']);
  });

  it('gives each ecosystem to one scheme', () => {
    const all = schemes.flatMap(({ ecosystems }) => ecosystems);
    expect(new Set(all).size).toBe(all.length);
  });
});

describe('schemeOf', () => {
  it.each([
    ['Debian', 'deb'],
    ['Debian:12', 'deb'],
    ['Ubuntu:22.04:LTS', 'deb'],
    ['Alpine:v3.20', 'apk'],
    ['Wolfi', 'apk'],
    ['Rocky Linux:9', 'rpm'],
    ['Red Hat:enterprise_linux:9::baseos', 'rpm'],
    ['npm', 'npm'],
    ['PyPI', 'pep440'],
    ['crates.io', 'crates'],
    ['SwiftURL', 'semver'],
    ['GitHub Actions', 'semver'],
    ['Bioconductor', 'cran'],
  ])('%s is ordered by %s', (ecosystem, name) => expect(schemeOf(ecosystem)?.name).toBe(name));

  it.each(['', 'Npm', 'debian', ':12', 'toString', '__proto__'])('%j has none', (ecosystem) => {
    expect(schemeOf(ecosystem)).toBeUndefined();
  });
});
