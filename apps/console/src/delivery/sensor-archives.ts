import { SensorArchitecture } from '@parapet/contract/api';
import { fail, ok, problem } from '@parapet/core';
import type { ReadyArchive, SensorArchives } from '../upgrades/archives.ts';
import type { Delivery } from './delivery.ts';
import type { SensorPackage } from './delivery-job.ts';

/** The archives as upgrades of sensors take them. */
export const archivesOf = (delivery: Delivery): SensorArchives => ({
  forArchitecture: async (asked) => {
    const architecture = SensorArchitecture.safeParse(asked);
    if (!architecture.success) return fail(problem('no-archive', `There is no sensor for the processor ${asked}.`));
    const made = await delivery.make('archive', architecture.data);
    return made.ok ? ok(readyOf(delivery, made.value)) : made;
  },
  newest: () => delivery.ready('archive').map((each) => readyOf(delivery, each)),
  find: (sha256) => {
    const found = delivery.packages.find(sha256);
    return found === undefined || found.kind !== 'archive' ? undefined : readyOf(delivery, found);
  },
});

const readyOf = (delivery: Delivery, made: SensorPackage): ReadyArchive => ({
  version: made.version,
  build: `${made.version}-${made.id}`,
  architecture: made.architecture,
  sha256: made.sha256,
  sizeBytes: made.sizeBytes,
  path: delivery.packages.pathOf(made.sha256),
});
