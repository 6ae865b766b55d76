import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readToml } from '../read-document.ts';
import { parseManifest, parseProject } from './format.ts';

export const extractJulia = async (file: FoundFile): Promise<FileExtraction> => {
  const document = await readToml(file);
  return { packages: file.name.endsWith('Project.toml') ? parseProject(document) : parseManifest(document) };
};
