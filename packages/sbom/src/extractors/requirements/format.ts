import type { FoundPackage } from '../extractor.ts';
import { parseRequirement } from '../python-requirement.ts';
import { commitOf } from '../repository-url.ts';

/** By the names that projects use; any text file can be one. */
export const isRequirementsFile = (path: string): boolean =>
  /(?:\/|[._-])requirements[^/]*\.txt$|\/requirements\/[^/]+\.txt$/i.test(path);

export type RequirementsFile = {
  readonly packages: readonly FoundPackage[];
  /** Files that it includes, as it names them. */
  readonly includes: readonly string[];
};

/** Reads the lines of a requirements file (https://pip.pypa.io, requirements file format). */
export const parseRequirements = (text: string): RequirementsFile => {
  const packages: FoundPackage[] = [];
  const includes: string[] = [];
  for (const raw of text.replace(/\\\r?\n/g, ' ').split(/\r?\n/)) {
    const line = withoutComment(raw).replace(/\\$/, '').trim();
    const included = /^(?:-r|--requirement|-c|--constraint)[\s=]*(.+)$/.exec(line)?.[1];
    if (included !== undefined) includes.push(included.trim());
    else {
      const found = packageOf(line);
      if (found !== undefined) packages.push(found);
    }
  }
  return { packages, includes };
};

/** A requirement with options after it, or the address of a repository that names its package after `#egg=`. */
const packageOf = (line: string): FoundPackage | undefined => {
  const address = line.replace(/^(?:-e|--editable)[\s=]+/, '');
  const egg = /^[a-z+]+:\/\/\S*[#&]egg=([A-Za-z0-9._-]+)/.exec(address)?.[1];
  if (egg !== undefined) return { name: egg, version: '', ...commitOf(address.replace(/#.*$/, '')) };
  return line.startsWith('-') ? undefined : parseRequirement(withoutOptions(line));
};

/** Lines of a workload can be made of millions of spaces, on which a pattern for these two would try each of them again. */
const withoutComment = (line: string): string => cutBefore(line, '#', () => true);

const withoutOptions = (line: string): string => cutBefore(line, '-', (next) => /[A-Za-z-]/.test(next));

const cutBefore = (line: string, mark: string, isMark: (next: string) => boolean): string => {
  for (let at = line.indexOf(mark); at >= 0; at = line.indexOf(mark, at + 1)) {
    if ((at === 0 || /\s/.test(line.charAt(at - 1))) && isMark(line.charAt(at + 1))) return line.slice(0, at);
  }
  return line;
};
