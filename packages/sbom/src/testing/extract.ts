import type { Package } from '@parapet/contract';
import { createSbom } from '../create-sbom.ts';
import type { FileExtractor, FoundPackage } from '../extractors/extractor.ts';
import { memoryFileSystemOf } from '../file-system/memory.ts';
import type { FileReading } from '../walk/read-file.ts';
import { walkFiles } from '../walk/walk-files.ts';

/** What an extractor finds in these files, with its problems. */
export const extractFrom = async (
  extractor: FileExtractor,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<{ readonly packages: readonly FoundPackage[]; readonly problems: readonly string[] }> => {
  const walked = await walkFiles({
    fileSystem: memoryFileSystemOf(files),
    extractors: [extractor],
    skips: () => false,
    signal: new AbortController().signal,
  });
  return {
    packages: walked.readings.flatMap((reading: FileReading) => reading.packages),
    problems: walked.problems.map(({ message, at }) => `${at}: ${message}`),
  };
};

/** `name@version` of what an extractor finds in these files, sorted; a problem throws. */
export const namesFrom = async (
  extractor: FileExtractor,
  files: Readonly<Record<string, string | Buffer>>,
): Promise<string[]> => {
  const { packages, problems } = await extractFrom(extractor, files);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return packages.map(({ name, version }) => `${name}@${version}`).sort();
};

/** The packages of an SBOM of these files. */
export const packagesOf = async (files: Readonly<Record<string, string | Buffer>>): Promise<readonly Package[]> => {
  const sbom = await createSbom({
    target: { kind: 'directory', name: 'sample' },
    fileSystem: memoryFileSystemOf(files),
  });
  return sbom.packages;
};

/** Cuts the content at some places and flips bytes at others: nothing of it may do more than be a problem of this file. */
export const survivesDamage = async (
  extractor: FileExtractor,
  path: string,
  content: string | Buffer,
): Promise<void> => {
  const whole = Buffer.from(content);
  const step = Math.max(1, Math.floor(whole.length / 60));
  for (let at = 0; at <= whole.length; at += step) {
    await extractFrom(extractor, { [path]: whole.subarray(0, at) });
    const flipped = Buffer.from(whole);
    if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
    await extractFrom(extractor, { [path]: flipped });
  }
};
