export { type CreateSbomOptions, createSbom } from './create-sbom.ts';
export { detectDistribution } from './distribution/detect.ts';
export type { ExtractContext, Extraction, Extractor } from './extractors/extractor.ts';
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
