import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { identifyMember, sourceOf, sources } from './registry.ts';

const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe('the registry of sources', () => {
  it('has every folder, and nothing else', () => {
    expect(sources.map(({ name }) => name).sort()).toEqual(folders.sort());
  });

  it.each(folders)('%s has the files of a source', (name) => {
    expect(readdirSync(join(import.meta.dirname, name))).toEqual(
      expect.arrayContaining(['index.ts', 'parse.test.ts', 'parse.ts', 'schema.ts']),
    );
  });
});

describe('which files are whose', () => {
  it.each([
    ['osv/Debian/all.zip', 'osv/Debian'],
    ['osv/Rocky Linux/all.zip', 'osv/Rocky Linux'],
    ['osv/crates.io/all.zip', 'osv/crates.io'],
    ['kev/known_exploited_vulnerabilities.json', 'kev'],
    ['epss/epss_scores-current.csv.gz', 'epss'],
  ])('%s is %s', (path, id) => {
    expect(identifyMember(path)?.id).toBe(id);
    expect(sourceOf(id)?.identify(path)).toBe(id);
  });

  it.each(['yara/rules.yar', 'osv/../all.zip', 'osv/Debian/other.zip', 'osv//all.zip', 'MANIFEST.json', 'kev/x.json'])(
    '%s is nobody’s',
    (path) => expect(identifyMember(path)).toBeUndefined(),
  );

  it('knows the publishers’ addresses', () => {
    expect(sourceOf('osv/Rocky Linux')?.urlOf('osv/Rocky Linux', 'https://x')).toBe('https://x/Rocky%20Linux/all.zip');
    expect(sourceOf('kev')?.urlOf('kev', 'https://x')).toBe('https://x/known_exploited_vulnerabilities.json');
    expect(sourceOf('epss')?.urlOf('epss', 'https://x')).toBe('https://x/epss_scores-current.csv.gz');
    expect(sourceOf('unknown')).toBeUndefined();
  });
});
