import type { DockerAddress } from '../../config/config.ts';
import type { CollectorDefinition } from '../collector.ts';
import type { RuntimeStates } from '../runtime-states.ts';
import type { WorkloadDirectoryStore } from '../workload-directory-store.ts';
import { createContainerBoard } from './container-board.ts';
import { createDockerApi } from './docker-api.ts';
import { startDockerWatch } from './docker-watch.ts';
import { createImageBoard } from './image-board.ts';

const packagesEveryMs = 30_000;
/** Events tell everything; this finds what they could not. */
const reconcileEveryMs = 300_000;

/** Containers and images of Docker, live over its API. */
export const createDockerCollector = (deps: {
  readonly address:
    | Extract<DockerAddress, { kind: 'unsupported' }>
    | { readonly kind: 'socket'; readonly path: string };
  readonly workloads: WorkloadDirectoryStore;
  readonly runtimes: RuntimeStates;
  /** Whether the host looks like one without Docker: default no. */
  readonly isAbsent?: () => boolean;
}): CollectorDefinition => ({
  name: 'docker',
  // Docker may appear at any time, so its absence is reported by the watch and not by a need.
  needs: [],
  start: async (context) => {
    if (deps.address.kind === 'unsupported') {
      context.report({ state: 'refused', source: '', reason: deps.address.reason });
      return { stop: async () => {} };
    }
    const { workloads, runtimes, isAbsent = () => false } = deps;
    const { inventory, clock, log } = context;
    const api = createDockerApi(deps.address.path);
    const containers = createContainerBoard({ api, inventory, workloads, clock, log });
    const images = createImageBoard({ api, inventory, clock });
    const socketPath = deps.address.path;
    const watch = startDockerWatch({ api, socketPath, containers, images, runtimes, isAbsent, context });
    const packages = setInterval(() => containers.checkPackages(), packagesEveryMs);
    const drift = setInterval(() => void containers.reconcile(), reconcileEveryMs);
    await watch.firstView;
    return {
      stop: async () => {
        clearInterval(packages);
        clearInterval(drift);
        watch.stop();
      },
    };
  },
});
