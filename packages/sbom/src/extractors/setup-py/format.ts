import type { FoundPackage } from '../extractor.ts';
import { parseRequirement } from '../python-requirement.ts';

const sections = /\b(install_requires|setup_requires|tests_require|extras_require)\s*=\s*[[({]/g;
/** A list of requirements is not longer than this, in characters. */
const maxListLength = 200_000;

/** The requirements with a version that stand as literals in the lists of a setup script. The script is not run. */
export const parseSetup = (text: string): FoundPackage[] =>
  [...text.matchAll(sections)].flatMap(({ 0: head, 1: section = '', index }) =>
    literalsFrom(text, index + head.length).flatMap((literal): FoundPackage[] => {
      const found = parseRequirement(literal);
      if (found === undefined || found.version === '') return [];
      return [{ ...found, ...scopes[section], isDirect: true }];
    }),
  );

const scopes: Readonly<Record<string, Pick<FoundPackage, 'scope'>>> = {
  setup_requires: { scope: 'build' },
  tests_require: { scope: 'test' },
  extras_require: { scope: 'optional' },
};

const token = /#[^\n]*|[rbuRBU]?(?:"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)')|[[({]|[\])}]/g;

/** The text literals from inside a list to its end, comments left out. */
const literalsFrom = (text: string, start: number): string[] => {
  const literals: string[] = [];
  let depth = 1;
  for (const [found, double, single] of text.slice(start, start + maxListLength).matchAll(token)) {
    if (/^[[({]$/.test(found)) depth += 1;
    else if (/^[\])}]$/.test(found)) depth -= 1;
    else if (!found.startsWith('#')) literals.push(double ?? single ?? '');
    if (depth === 0) break;
  }
  return literals;
};
