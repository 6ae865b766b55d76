import { inflateSync } from 'node:zlib';
import { programOf, sectionNamed } from '../../program/sections.ts';
import type { FileExtraction, FoundFile } from '../extractor.ts';
import { parseJsonObject } from '../read-document.ts';
import { parseAuditable } from './format.ts';

const maxPackedBytes = 1024 * 1024;
const maxTextBytes = 8 * 1024 * 1024;

export const extractRustBinary = async (file: FoundFile): Promise<FileExtraction> => {
  const opened = await file.open();
  if (!opened.ok) return { packages: [], problems: [opened.error] };
  await using content = opened.value;
  const section = sectionNamed(await programOf(file, content), '.dep-v0');
  if (section === undefined) return { packages: [] };
  const packed = await content.read(section.offset, Math.min(section.sizeBytes, maxPackedBytes));
  const document = parseJsonObject(inflateSync(packed, { maxOutputLength: maxTextBytes }).toString('utf8'));
  return { packages: parseAuditable(document).map((found) => ({ ...found, files: [file.path] })) };
};
