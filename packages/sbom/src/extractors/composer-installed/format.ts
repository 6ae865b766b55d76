import { composerPackages } from '../composer-lock/format.ts';
import type { FoundPackage } from '../extractor.ts';
import { fieldOf, textsOf } from '../fields.ts';

/** A list in version 1 of Composer; since version 2 an object that also says what is for development. */
export const parseInstalledPackages = (document: unknown): FoundPackage[] => {
  const forDev = new Set(textsOf(fieldOf(document, 'dev-package-names')));
  return composerPackages(Array.isArray(document) ? document : fieldOf(document, 'packages'), (name) =>
    forDev.has(name),
  );
};
