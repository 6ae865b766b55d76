export { type CreateSbomOptions, createSbom } from './create-sbom.ts';
export { detectDistribution } from './distribution/detect.ts';
export { endOfLifeOf } from './distribution/end-of-life.ts';
export type {
  DatabaseExtractor,
  ExtractContext,
  Extraction,
  FileExtraction,
  FileExtractor,
  FoundFile,
  FoundPackage,
} from './extractors/extractor.ts';
export { packageUrlOf } from './extractors/package-url.ts';
export { purlOf } from './extractors/purl.ts';
export { databaseExtractors, extractors, fileExtractors } from './extractors/registry.ts';
export type {
  DirectoryEntry,
  FileInfo,
  FileKind,
  FileSystem,
  FolderView,
  RandomAccessFile,
} from './file-system/file-system.ts';
export { type LayersOptions, openDirectory, openLayers } from './file-system/layers.ts';
export { createMemoryFileSystem, type MemoryNode, memoryFileSystemOf } from './file-system/memory.ts';
export type { BlobStore } from './image/archive-index.ts';
export type { ImageChoice, ImageInfo } from './image/manifest.ts';
export { defaultMergeLimits, type MergeLimits } from './image/merge-layers.ts';
export {
  type OpenedImage,
  type OpenImageOptions,
  openImageArchive,
  openImageOf,
  openRootStream,
} from './image/open-image-archive.ts';
export type { LocalImage, LocalImageOptions } from './local-images/local-image.ts';
export { openLocalImage } from './local-images/open-local-image.ts';
export { maxSbomBytes, readSbom } from './readers/read-sbom.ts';
export type { ReaderOptions, SbomReader } from './readers/reader.ts';
export { readers } from './readers/registry.ts';
export type { RegistryFetch, RegistryResponse } from './registry-image/client.ts';
export { type CredentialHelper, credentialsFrom, type RegistryCredentials } from './registry-image/credentials.ts';
export { type OpenRegistryImageOptions, openRegistryImage } from './registry-image/open-registry-image.ts';
export { type ImageReference, parseImageReference } from './registry-image/reference.ts';
export { writers } from './writers/registry.ts';
export type { SbomWriter, WriterOptions } from './writers/writer.ts';
