import { FormatError, type FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, listOf, textField, textsOf } from '../fields.ts';
import { parseRequirement } from '../python-requirement.ts';

export const isCondaFile = (path: string): boolean =>
  !path.endsWith('.json') || /\/conda-meta\/[^/]+\.json$/.test(path);

/** The record of an installed package; `prefix` is the environment's folder. */
export const parseCondaMeta = (record: Fields, prefix: string): FoundPackage => {
  const name = textField(record, 'name') ?? '';
  const version = textField(record, 'version') ?? '';
  if (name === '' || version === '') throw new FormatError('it has no name or no version.');
  const licence = textField(record, 'license');
  return {
    name,
    version,
    ...(licence === undefined ? {} : { licences: [licence] }),
    qualifiers: {
      build: textField(record, 'build') ?? textField(record, 'build_string'),
      subdir: textField(record, 'subdir'),
    },
    files: textsOf(fieldOf(record, 'files'))
      .filter((path) => /\.so(?:\.[\w.]+)?$|^bin\/[^/]+$/.test(path))
      .map((path) => `${prefix}/${path}`),
  };
};

/** What an environment asks for: `name=version=build`, `name>=version`, and a list for pip. */
export const parseEnvironment = (environment: Fields): FoundPackage[] =>
  listOf(fieldOf(environment, 'dependencies')).flatMap((entry): FoundPackage[] => {
    if (typeof entry !== 'string') {
      return textsOf(fieldOf(entry, 'pip')).flatMap((text) => {
        const found = parseRequirement(text);
        return found === undefined ? [] : [{ ...found, type: 'pypi', isDirect: true }];
      });
    }
    const [, name, operator, version = ''] =
      /^(?:[\w.-]+::)?([\w.-]+)\s*(==?|[<>~!]=?)?\s*([\w.!+]*)/.exec(entry.trim()) ?? [];
    if (name === undefined) return [];
    const isExact = operator === '=' || operator === '==';
    return [{ name, version: isExact ? version : '', evidence: isExact ? 'locked' : 'declared', isDirect: true }];
  });
