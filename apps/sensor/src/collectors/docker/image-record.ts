import type { ImageRecord } from '@parapet/contract/wire';
import { safeLabels } from '../../masking/safe-labels.ts';
import { timeOf } from './container-record.ts';
import type { DockerImage } from './schema.ts';

/** An image's record. Docker does not say since when it has an image; the time of its last tag comes closest. */
export const imageRecordOf = (image: DockerImage): ImageRecord => {
  const createdAt = timeOf(image.Created);
  return {
    kind: 'image',
    key: image.Id,
    startedAt: timeOf(image.Metadata?.LastTagTime ?? '') ?? createdAt ?? 0,
    runtime: 'docker',
    tags: names(image.RepoTags ?? []),
    repoDigests: names(image.RepoDigests ?? []),
    sizeBytes: Math.max(0, Math.trunc(image.Size ?? 0)),
    ...(createdAt === undefined ? {} : { createdAt }),
    ...(image.Architecture === '' ? {} : { architecture: image.Architecture.slice(0, 32) }),
    labels: safeLabels(image.Config?.Labels ?? {}),
  };
};

const names = (list: readonly string[]): string[] =>
  list.filter((name) => !name.startsWith('<none>') && name.length <= 1024).slice(0, 256);
