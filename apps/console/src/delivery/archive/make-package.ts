import { join } from 'node:path';
import type { DeliveryJob, SensorPackage } from '../delivery-job.ts';
import { type ArchiveSources, listArchiveFiles } from './archive-files.ts';
import { imageItems } from './docker-image.ts';
import { contentId, digestOf, type StagedFile, stageFiles } from './stage.ts';
import { foldersAbove, type TarItem, tarOf, writePackage } from './write-package.ts';

/** Makes the archive or the image of a sensor, unless the very same was made before. Throws AppError. */
export const makePackage = async (sources: ArchiveSources, job: DeliveryJob): Promise<SensorPackage | string> => {
  const files = await listArchiveFiles(sources);
  const id = await contentId(sources, files);
  const known = job.known.find((each) => each.id === id);
  if (known !== undefined) return known.sha256;
  const folder = `${sources.version}-${id}`;
  const loader = sources.cLibrary?.loader;
  const staged = await stageFiles(files, { workDir: job.temporaryDir, folder, loader });
  const described = [...staged, ...(await describe(sources, id, staged))];
  const items = itemsBelow(folder, described);
  const written = await writePackage(
    tarOf(job.kind === 'archive' ? items : await imageItems({ ...sources, id, folder }, described)),
    job.packagesDir,
  );
  return {
    ...{ kind: job.kind, architecture: sources.architecture, version: sources.version, id, ...written },
    contentBytes: described.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    ...(sources.cLibrary === undefined ? {} : { libc: sources.cLibrary.description }),
  };
};

/** The files with all folders above them, below one folder. */
export const itemsBelow = (folder: string, files: readonly StagedFile[]): readonly TarItem[] => {
  const inside = files.map((file): TarItem => ({ kind: 'file', ...file, path: join(folder, file.path) }));
  return [...foldersAbove(inside.map(({ path }) => path)), ...inside];
};

/** Name, sums and manifest: what the installation, the sensor, its upgrade and a person read of a version. */
const describe = async (
  { version, architecture, cLibrary }: ArchiveSources,
  id: string,
  files: readonly StagedFile[],
): Promise<readonly StagedFile[]> => {
  const name = await textFile('VERSION', `${version}-${id}\n`);
  const listed = [...files, name].map(({ path, mode, sizeBytes, sha256 }) => ({
    ...{ path, mode: mode.toString(8), sizeBytes, sha256 },
  }));
  const sums = await textFile('SHA256SUMS', listed.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join(''));
  const manifest = { format: 1, version, id, architecture, libc: cLibrary?.description ?? null, files: listed };
  return [name, sums, await textFile('manifest.json', `${JSON.stringify(manifest, undefined, 1)}\n`)];
};

const textFile = async (path: string, text: string): Promise<StagedFile> => {
  const content = { kind: 'text', text } as const;
  return { path, mode: 0o644, content, ...(await digestOf(content)) };
};
