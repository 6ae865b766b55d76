import { messageOf, type Problem, problem } from '@parapet/core';
import { openZip } from '../../archive/zip.ts';
import type { FileContext, FileExtraction, FoundFile, FoundPackage } from '../extractor.ts';
import { textField } from '../fields.ts';
import { licencesOf } from '../package-json/format.ts';
import { parseJsonObject } from '../read-document.ts';
import { isBundledManifest } from './format.ts';

const maxManifestBytes = 1024 * 1024;
const maxManifests = 20_000;

export const extractVsix = async (file: FoundFile, context: FileContext): Promise<FileExtraction> => {
  const opened = await file.open();
  if (!opened.ok) return { packages: [], problems: [opened.error] };
  await using archive = opened.value;
  const zip = await openZip(archive, isBundledManifest);
  const packages: FoundPackage[] = [];
  const problems: Problem[] = [];
  for (const entry of zip.entries.slice(0, maxManifests)) {
    context.signal.throwIfAborted();
    try {
      const manifest = parseJsonObject((await zip.read(entry, maxManifestBytes)).toString('utf8'));
      const name = textField(manifest, 'name') ?? '';
      const version = textField(manifest, 'version') ?? '';
      if (name !== '' && version !== '')
        packages.push({ name, version, licences: licencesOf(manifest), within: entry.name });
    } catch (error) {
      problems.push(
        problem('broken-file', `A manifest could not be read: ${messageOf(error)}`, `${file.path}!/${entry.name}`),
      );
    }
  }
  return { packages, problems };
};
