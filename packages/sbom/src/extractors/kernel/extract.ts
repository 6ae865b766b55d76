import type { RandomAccessFile } from '../../file-system/file-system.ts';
import { programOf, sectionNamed } from '../../program/sections.ts';
import type { FileExtraction, FoundFile } from '../extractor.ts';
import {
  bannerOffset,
  kernelOf,
  maxBannerBytes,
  moduleOf,
  releaseOfBanner,
  releaseOfFolder,
  setupBytes,
} from './format.ts';

const maxModinfoBytes = 1024 * 1024;

/** Of an image in another form than bzImage nothing is told; the folder of its modules tells its release. */
export const extractKernel = async (file: FoundFile): Promise<FileExtraction> => {
  const release = releaseOfFolder(file.path);
  if (release !== undefined) return { packages: kernelOf(release) };
  const opened = await file.open();
  if (!opened.ok) return { packages: [], problems: [opened.error] };
  await using content = opened.value;
  return { packages: file.name.endsWith('.ko') ? await readModule(file, content) : await readImage(content) };
};

const readModule = async (file: FoundFile, content: RandomAccessFile): Promise<FileExtraction['packages']> => {
  const section = sectionNamed(await programOf(file, content), '.modinfo');
  if (section === undefined) return [];
  return [moduleOf(await content.read(section.offset, Math.min(section.sizeBytes, maxModinfoBytes)), file.name)];
};

const readImage = async (content: RandomAccessFile): Promise<FileExtraction['packages']> => {
  const offset = bannerOffset(await content.read(0, setupBytes));
  const release = offset === undefined ? undefined : releaseOfBanner(await content.read(offset, maxBannerBytes));
  return release === undefined ? [] : kernelOf(release);
};
