import type { FoundPackage } from '../extractor.ts';
import { type Fields, fieldOf, fieldsOf, textField } from '../fields.ts';

/** The records of a lock file (renv, "Lockfiles"). One without a source or a repository is not known to be anybody's but the project's. */
export const parseRenvLock = (document: Fields): FoundPackage[] =>
  Object.values(fieldsOf(fieldOf(document, 'Packages'))).flatMap((record): FoundPackage[] => {
    const name = textField(record, 'Package');
    const origin = originOf(record);
    if (name === undefined || origin === undefined) return [];
    const commit = textField(record, 'RemoteSha');
    const isCommit = commit !== undefined && /^[0-9a-f]{40,64}$/.test(commit);
    return [{ name, version: textField(record, 'Version') ?? '', ...origin, ...(isCommit ? { commit } : {}) }];
  });

/** Packages of a repository of one's own may have names of CRAN, and are usually copies of it. */
const originOf = (record: unknown): Pick<FoundPackage, 'type'> | undefined => {
  const source = textField(record, 'Source');
  if (source === 'Bioconductor' || textField(record, 'Repository')?.startsWith('BioC') === true)
    return { type: 'bioconductor' };
  return source === undefined && textField(record, 'Repository') === undefined ? undefined : {};
};
