import { apk } from './apk/index.ts';
import { dpkg } from './dpkg/index.ts';
import type { Extractor } from './extractor.ts';
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
export const isWanted = (path: string): boolean =>
  releaseFiles.has(path) || extractors.some((extractor) => extractor.wanted(path));
