export { type CreateSbomOptions, createSbom } from './create-sbom.ts';
export { detectDistribution } from './distribution/detect.ts';
export type { ExtractContext, Extraction, Extractor } from './extractors/extractor.ts';
export { purlOf } from './extractors/purl.ts';
export { extractors } from './extractors/registry.ts';
export type {
  DirectoryEntry,
  FileInfo,
  FileKind,
  FileSystem,
  RandomAccessFile,
} from './file-system/file-system.ts';
export { type LayersOptions, openDirectory, openLayers } from './file-system/layers.ts';
export { createMemoryFileSystem, type MemoryNode, memoryFileSystemOf } from './file-system/memory.ts';
export type { ImageChoice, ImageInfo } from './image/manifest.ts';
export { defaultMergeLimits, type MergeLimits } from './image/merge-layers.ts';
export { type OpenedImage, type OpenImageOptions, openImageArchive } from './image/open-image-archive.ts';
export { writers } from './writers/registry.ts';
export type { SbomWriter, WriterOptions } from './writers/writer.ts';
