import { apk } from './apk/index.ts';
import { dpkg } from './dpkg/index.ts';
import type { Extractor } from './extractor.ts';
import { mergeableFolders } from './owned-files.ts';
import { rpm } from './rpm/index.ts';

/** Every extractor; a test compares it with the folders beside this file. */
export const extractors: readonly Extractor[] = [apk, dpkg, rpm];

/** Files that tell the distribution; wanted whatever the extractors are. */
const releaseFiles = new Set([
  '/etc/os-release',
  '/usr/lib/os-release',
  '/etc/initrd-release',
  '/etc/alpine-release',
  '/etc/oracle-release',
  '/etc/system-release',
  '/etc/centos-release',
  '/etc/redhat-release',
  '/etc/lsb-release',
  '/etc/debian_version',
  '/etc/arch-release',
  '/etc/SuSE-release',
]);

/** Whether making an SBOM may ask for this canonical path. */
export const isWantedFile = (path: string): boolean =>
  releaseFiles.has(path) || extractors.some((extractor) => extractor.wanted(path));

/** Whether a link at this path matters: it is on the way to a wanted file, or tells of a merged /usr. */
export const isWantedLink = (path: string): boolean => isWantedFile(path) || wayPoints.has(path);

const foldersOf = (path: string): string[] => {
  const parts = path.split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
};

const wayPoints: ReadonlySet<string> = new Set([
  ...mergeableFolders,
  ...[...releaseFiles, ...extractors.flatMap((extractor) => extractor.reads)].flatMap(foldersOf),
]);
