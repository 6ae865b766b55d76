import { createHash } from 'node:crypto';
import type { Distribution } from '@parapet/contract/sbom';
import type { StoredPackage } from '../sboms/asset-packages.ts';
import type { MatchedContent } from './matched-content.ts';

/**
 * What package lists matched, so that assets with the same list are matched once a feed: a fleet has thousands of hosts made from one
 * image. What is kept names rows of the catalogue, so it belongs to one database and is kept only once these are stored.
 */
export type MatchMemory = {
  readonly find: (key: string) => MatchedContent | undefined;
  readonly keep: (key: string, content: MatchedContent) => void;
};

/** A finding costs some 500 bytes. */
const maxFindings = 20_000;
const maxLists = 1000;

export const createMatchMemory = (): MatchMemory => {
  /** The one used last is the last. */
  const kept = new Map<string, MatchedContent>();
  let findings = 0;
  const forget = (key: string): void => {
    findings -= kept.get(key)?.findings.length ?? 0;
    kept.delete(key);
  };
  return {
    find: (key) => {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      kept.delete(key);
      kept.set(key, found);
      return found;
    },
    keep: (key, content) => {
      forget(key);
      if (content.findings.length > maxFindings) return;
      kept.set(key, content);
      findings += content.findings.length;
      for (const oldest of kept.keys()) {
        if (findings <= maxFindings && kept.size <= maxLists) return;
        forget(oldest);
      }
    },
  };
};

/** Of all that matching may look at, which is everything but whose packages they are. */
export const contentKeyOf = (
  feedVersion: string,
  distribution: Distribution | undefined,
  packages: readonly StoredPackage[],
): string => {
  const hash = createHash('sha256').update(JSON.stringify([feedVersion, distribution]));
  for (const { id: _, ...rest } of packages) hash.update(JSON.stringify(rest));
  return hash.digest('base64');
};
