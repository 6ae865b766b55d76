import type { ImageRecord } from '@parapet/contract/wire';
import type { StoreContents, StoredImage } from '@parapet/sbom/local-stores';
import { safeLabels } from '../../masking/safe-labels.ts';

/** An image's record from what its engine's store says. */
export const imageRecordOf = (image: StoredImage, engine: StoreContents['engine']): ImageRecord => ({
  kind: 'image',
  key: image.configDigest,
  startedAt: image.storedAt ?? image.createdAt ?? 0,
  runtime: engine,
  tags: names(image.tags),
  repoDigests: names(image.repoDigests),
  sizeBytes: image.sizeBytes,
  ...(image.createdAt === undefined ? {} : { createdAt: image.createdAt }),
  ...(image.architecture === undefined || image.architecture === ''
    ? {}
    : { architecture: image.architecture.slice(0, 32) }),
  labels: safeLabels(image.labels),
});

const names = (list: readonly string[]): string[] => list.filter((name) => name.length <= 1024).slice(0, 256);
