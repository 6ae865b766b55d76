import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { WorkloadDirectoryStore } from '../collectors/workload-directory-store.ts';

/**
 * Names the container of an event when it leaves, which is a moment after it happened: the runtime tells of a container after
 * its first process began. One that is still unknown then has its id, and the console names it.
 */
export const createCompletion =
  (
    workloads: Pick<WorkloadDirectoryStore, 'containerByRuntimeId'>,
  ): ((event: TelemetryEvent) => TelemetryEvent | undefined) =>
  (event) => {
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
