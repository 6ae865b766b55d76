import { compareNumberLists } from '../../number-list.ts';
import { maxVersionLength } from '../../scheme.ts';

/** Whether Cabal takes it: numbers with dots between them. */
export const isHackageVersion = (version: string): boolean =>
  version.length <= maxVersionLength && /^\d+(?:\.\d+)*$/.test(version);

/** Number by number. See {@link VersionScheme.compare}. */
export const compareHackageVersions = (a: string, b: string): number => compareNumberLists(a, b, /\./);
