import { isInModules, isPackageManifest } from '../package-json/format.ts';

/** Whether a file of the archive is the manifest of a package in its `node_modules`. */
export const isBundledManifest = (name: string): boolean =>
  name.endsWith('/package.json') && isInModules(`/${name}`) && isPackageManifest(`/${name}`);
