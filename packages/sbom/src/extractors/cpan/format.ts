import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, textField, textsOf } from '../fields.ts';

/** Below `.meta` cpanm keeps the META files of what it installed; elsewhere they describe the project that they lie in. */
export const isOfInstalled = (path: string): boolean => path.includes('/.meta/');

/** Whether a file is not of a build, nor of another language's package that has the same names. */
export const isOfCpan = (path: string): boolean => !path.includes('/.build/') && !path.includes('/node_modules/');

const maxLines = 1_000_000;

/**
 * The distributions of a `cpanfile.snapshot` (Carton): a heading at two spaces for each, its `pathname` at four. The path begins
 * with the author, who belongs to the name in package URLs.
 */
export const parseSnapshot = (text: string): FoundPackage[] => {
  const packages: FoundPackage[] = [];
  let heading: { readonly name: string; readonly version: string } | undefined;
  for (const line of text.split('\n', maxLines)) {
    const [, name, version] = /^ {2}(\S{1,256})-(v?\d[\w.]{0,63}(?:-TRIAL)?)\s*$/.exec(line) ?? [];
    if (name !== undefined && version !== undefined) heading = { name, version };
    const author = /^ {4}pathname: \w\/\w\w\/([A-Z][A-Z0-9-]{1,63})\//.exec(line)?.[1];
    if (author === undefined || heading === undefined) continue;
    packages.push({ name: `${author}/${heading.name}`, version: heading.version });
    heading = undefined;
  }
  return packages;
};

/** The distribution of a META file (CPAN::Meta::Spec), which has a `meta-spec` as no other tool's file has. */
export const parseMeta = (document: Fields): FoundPackage | undefined => {
  const name = textField(document, 'name');
  const version = fieldOf(document, 'version');
  const specification = fieldOf(fieldOf(document, 'meta-spec'), 'version');
  if (name === undefined || specification === undefined) return undefined;
  if (typeof version !== 'string' && typeof version !== 'number') return undefined;
  const licence = fieldOf(document, 'license');
  return {
    name,
    version: String(version),
    licences: typeof licence === 'string' ? [licence] : [...textsOf(licence)],
  };
};
