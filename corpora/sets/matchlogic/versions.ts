import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareNevras, parseNevra, schemeOf, type VersionScheme } from '../../../packages/versions/src/index.ts';
import { createPart, type PartScore } from '../../score.ts';

/** Which file is about which ecosystem; the name's first word. */
const ecosystems: Readonly<Record<string, string>> = {
  debian: 'Debian',
  alpine: 'Alpine',
  redhat: 'Red Hat',
  semver: 'SwiftURL',
  pub: 'Pub',
  nuget: 'NuGet',
  hackage: 'Hackage',
  cran: 'CRAN',
  rubygems: 'RubyGems',
  pypi: 'PyPI',
  packagist: 'Packagist',
  maven: 'Maven',
};

export const runVersions = async (
  folder: string,
): Promise<{ readonly parts: readonly PartScore[]; readonly notCovered: readonly string[] }> => {
  const parts: PartScore[] = [];
  const notCovered = new Set<string>();
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.txt')).sort()) {
    const name = file.split('-', 1)[0] ?? '';
    const scheme = schemeOf(ecosystems[name] ?? '');
    if (scheme === undefined) notCovered.add(`version order: ${name}`);
    else parts.push(compareAll(`versions/${file}`, await readFile(join(folder, file), 'utf8'), scheme));
  }
  return { parts, notCovered: [...notCovered] };
};

/** rpm's order of versions (`rpmvercmp`) and of whole builds (`compare`), and the parts of those (`parse`). */
export const runRpmVersions = async (folder: string): Promise<readonly PartScore[]> => {
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  const scheme = schemeOf('Red Hat');
  return [
    ...(scheme === undefined ? [] : [compareAll('rpmvercmp', await read('rpmvercmp'), scheme)]),
    compareAll('rpm NEVRA order', await read('compare'), { compare: compareNevras }),
    parseAll(await read('parse')),
  ];
};

const parseAll = (text: string): PartScore => {
  const part = createPart('rpm NEVRA parts');
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [input = '', ...expected] = line.trim().split(/\s+/);
    const found = parseNevra(input);
    const parts = [found?.name, found?.epoch, found?.version, found?.release, found?.architecture];
    part.check(
      line,
      expected.map((word) => word.replace(/^(?:''|"")$/, '')).join(),
      parts.map((word) => word ?? '').join(),
    );
  }
  return part.score();
};

/** Lines `A < B`, `A = B` or `A == B`, `A > B`; the reverse must hold as well. */
const compareAll = (name: string, text: string, scheme: Pick<VersionScheme, 'compare'>): PartScore => {
  const part = createPart(name);
  for (const line of text.split('\n')) {
    if (line.trim() === '' || /^(?:# |#$|\/\/ )/.test(line)) continue;
    const [, a = '', operator = '', b = ''] = /^(\S+)\s+(<|>|==?)\s+(\S+)$/.exec(line.trim()) ?? [];
    const expected = operator === '<' ? -1 : operator === '>' ? 1 : 0;
    const actual = [Math.sign(scheme.compare(a, b)), Math.sign(scheme.compare(b, a)) * -1 || 0];
    part.check(line, String([expected, expected]), String(actual));
  }
  return part.score();
};
