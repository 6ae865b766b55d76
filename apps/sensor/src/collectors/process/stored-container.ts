import type { ContainerRecord } from '@parapet/contract/wire';
import { safeLabels } from '../../masking/safe-labels.ts';
import type { StoredWorkload } from '../stored-workloads.ts';

/** Lays what an engine's store says over what a container's processes alone tell. Its key stays, whatever its engine is. */
export const withStored = (record: ContainerRecord, stored: StoredWorkload | undefined): ContainerRecord => {
  if (stored === undefined) return record;
  return {
    ...record,
    runtime: record.runtime === 'unknown' ? stored.engine : record.runtime,
    name: stored.name === '' ? record.name : stored.name.slice(0, 1024),
    imageName: stored.imageName.slice(0, 1024),
    ...(stored.configDigest === undefined ? {} : { imageDigest: stored.configDigest }),
    labels: safeLabels(stored.labels),
  };
};
