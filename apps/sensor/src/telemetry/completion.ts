import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { ExecutableHashes } from '../collectors/activity/executable-hashes.ts';
import type { WorkloadDirectoryStore } from '../collectors/workload-directory-store.ts';

/** Lays over an event what is known now; `undefined` while more may come, which it does only where the event can wait. */
export type Completion = (event: TelemetryEvent, canWait: boolean) => TelemetryEvent | undefined;

/**
 * Names the container of an event when it leaves, which is a moment after it happened: the runtime tells of a container after
 * its first process began. One that is still unknown then has its id, and the console names it. The hash of a program may take a moment, too.
 */
export const createCompletion =
  (
    workloads: Pick<WorkloadDirectoryStore, 'containerByRuntimeId'>,
    hashes: Pick<ExecutableHashes, 'complete'>,
  ): Completion =>
  (event, canWait) => {
    if (!hashes.complete(event, canWait)) return undefined;
    const id = event['container.id'];
    if (id === undefined) return event;
    const record = workloads.containerByRuntimeId(id)?.record;
    if (record === undefined) return undefined;
    const pod = record.labels['io.kubernetes.pod.name'];
    const namespace = record.labels['io.kubernetes.pod.namespace'];
    return {
      ...event,
      'container.name': record.name,
      'container.image.name': record.imageName,
      ...(record.imageDigest === undefined ? {} : { 'container.image.hash': record.imageDigest }),
      ...(pod === undefined ? {} : { 'orchestrator.resource.name': pod }),
      ...(namespace === undefined ? {} : { 'orchestrator.namespace': namespace }),
    };
  };
