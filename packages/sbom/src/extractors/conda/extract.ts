import { splitPath } from '../../file-system/path.ts';
import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJson, readYaml } from '../read-document.ts';
import { parseCondaMeta, parseEnvironment } from './format.ts';

export const extractConda = async (file: FoundFile): Promise<FileExtraction> =>
  file.name.endsWith('.json')
    ? { packages: [parseCondaMeta(await readJson(file), splitPath(file.folder).folder)] }
    : { packages: parseEnvironment(await readYaml(file)) };
