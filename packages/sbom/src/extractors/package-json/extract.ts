import type { FileExtraction, FoundFile } from '../extractor.ts';
import { textField } from '../fields.ts';
import { readJson } from '../read-document.ts';
import { isOfOtherKind, licencesOf } from './format.ts';

/** A manifest without a name and a version is no package's: folders in packages have some to say what kind of module they hold. */
export const extractPackageJson = async (file: FoundFile): Promise<FileExtraction> => {
  const manifest = await readJson(file);
  const name = textField(manifest, 'name') ?? '';
  const version = textField(manifest, 'version') ?? '';
  if (name === '' || version === '' || isOfOtherKind(manifest)) return { packages: [] };
  return { packages: [{ name, version, licences: licencesOf(manifest) }] };
};
