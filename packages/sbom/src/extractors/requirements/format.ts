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
    const line = raw
      .replace(/(^|\s)#.*$/, '')
      .replace(/\\$/, '')
      .trim();
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
  return line.startsWith('-') ? undefined : parseRequirement(line.replace(/\s+--?[A-Za-z].*$/, ''));
};
