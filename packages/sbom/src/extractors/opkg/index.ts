import type { DatabaseExtractor } from '../extractor.ts';
import { extractOpkg } from './extract.ts';
import { isOpkgFile, stateFolders } from './format.ts';

/** Packages of OpenWrt and of images made by Yocto. */
export const opkg: DatabaseExtractor = {
  name: 'opkg',
  reads: stateFolders.flatMap((folder) => [`${folder}/status`, `${folder}/info/*.list`]),
  wanted: isOpkgFile,
  extract: extractOpkg,
};
