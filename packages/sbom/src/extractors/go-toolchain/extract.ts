import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readText } from '../read-document.ts';
import { parseVersionFile } from './format.ts';

export const extractGoToolchain = async (file: FoundFile): Promise<FileExtraction> => {
  const version = parseVersionFile(await readText(file));
  if (version === undefined) return { packages: [] };
  return { packages: [{ name: 'toolchain', version, files: [`${file.folder}/bin/go`] }] };
};
