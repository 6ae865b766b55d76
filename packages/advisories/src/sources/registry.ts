import { epss } from './epss/index.ts';
import { kev } from './kev/index.ts';
import { osv } from './osv/index.ts';
import type { FeedSource } from './source.ts';

/** Every source; a test compares it with the folders beside this file. */
export const sources: readonly FeedSource[] = [epss, kev, osv];

/** The source and id of a file in a bundle; `undefined` for a file that is not about vulnerabilities. */
export const identifyMember = (
  memberPath: string,
): { readonly source: FeedSource; readonly id: string } | undefined => {
  for (const source of sources) {
    const id = source.identify(memberPath);
    if (id !== undefined) return { source, id };
  }
  return undefined;
};

/** The source of an id such as `osv/Debian`. */
export const sourceOf = (id: string): FeedSource | undefined =>
  sources.find((source) => source.name === id.split('/', 1)[0]);
