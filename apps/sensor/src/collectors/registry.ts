import { join } from 'node:path';
import {
  configuredReader,
  containerdReader,
  containerdRoots,
  containerdSetting,
  containersStorageReader,
  containersStorageRoot,
  containersStorageSetting,
  type StoreReader,
} from '@parapet/sbom/local-stores';
import type { z } from 'zod';
import { type SensorConfig, seesHost } from '../config/config.ts';
import { AuditState, createAuditMemory } from '../kernel-watch/audit-memory.ts';
import { isInChain, leftOut } from '../kernel-watch/event-source.ts';
import { createKernelWatch } from '../kernel-watch/kernel-watch.ts';
import { createStartTellers } from '../kernel-watch/start-tellers.ts';
import { readBootId } from '../proc/host-times.ts';
import { createStateFile, type StateFileName } from '../state/state-files.ts';
import { AccountState } from './accounts/account-state.ts';
import { createAccountsCollector } from './accounts/index.ts';
import type { ExecutableHashes } from './activity/executable-hashes.ts';
import { createActivityCollector } from './activity/index.ts';
import type { CollectorDefinition } from './collector.ts';
import { hasNoDocker } from './docker/docker-traces.ts';
import { createDockerCollector } from './docker/index.ts';
import { createFileNews } from './file-news.ts';
import { createFilesCollector } from './files/index.ts';
import type { CloudFacts } from './host/cloud-metadata.ts';
import { createHostCollector } from './host/index.ts';
import { ContainerLoginState } from './logins/container-login-state.ts';
import { createLoginsCollector } from './logins/index.ts';
import { LoginState } from './logins/login-state.ts';
import { createNetworkCollector } from './network/index.ts';
import { createProcessCollector } from './process/index.ts';
import type { RuntimeStates } from './runtime-states.ts';
import type { StoredWorkloadsStore } from './stored-workloads.ts';
import { createStoresCollector } from './stores/index.ts';
import type { WorkloadDirectoryStore } from './workload-directory-store.ts';

/** Every collector of this sensor. Their names are those of their folders; a test compares. */
export const createCollectors = (deps: {
  readonly config: SensorConfig;
  readonly workloads: WorkloadDirectoryStore;
  readonly stored: StoredWorkloadsStore;
  readonly runtimes: RuntimeStates;
  readonly hashes: ExecutableHashes;
  readonly cloud: () => CloudFacts | undefined;
  /** On trial it looks at all that is there and leaves what must be told once to the process beside it. */
  readonly onTrial: boolean;
}): readonly CollectorDefinition[] => {
  const kernel = createKernelWatch({
    cpuCores: deps.config.limits.cpuCores,
    systemCalls: deps.config.systemCalls,
    rootPath: deps.config.rootPath,
    ...(isInChain(deps.config.eventSource, 'ebpf') ? {} : { open: leftOut }),
  });
  const news = createFileNews();
  /** What is told from where the run before ended; on trial by another process. */
  const stateFile = <S extends z.ZodType>(name: StateFileName, schema: S) =>
    deps.onTrial ? undefined : createStateFile(deps.config.stateDir, name, schema);
  const auditMemory = createAuditMemory({
    procPath: deps.config.procPath,
    bootId: readBootId(deps.config.procPath),
    file: stateFile('audit.json', AuditState),
  });
  return [
    createHostCollector({ rootPath: deps.config.rootPath, cloud: deps.cloud, runtimes: deps.runtimes }),
    createDockerCollector({
      ...{ address: deps.config.dockerSocket, workloads: deps.workloads, runtimes: deps.runtimes },
      isAbsent: () => hasNoDocker(deps.config.dockerSocket, deps.config),
    }),
    // Before the processes, whose containers they name.
    createStoresCollector({
      readers: readersBelow(deps.config.rootPath),
      stored: deps.stored,
      runtimes: deps.runtimes,
      seesHost: seesHost(deps.config),
    }),
    createProcessCollector(deps.workloads, { stored: deps.stored }),
    createNetworkCollector(kernel),
    createActivityCollector(
      kernel,
      deps.hashes,
      deps.workloads.endLife,
      createStartTellers(deps.config.eventSource, {
        rootPath: deps.config.rootPath,
        // On trial it would take from the process beside it what there is once.
        sharing: deps.onTrial ? 'off' : deps.config.audit,
        procPath: deps.config.procPath,
        memory: auditMemory,
        // Where a unit makes that of temporary files read-only, this one is not.
        folder: deps.config.stateDir,
      }),
      auditMemory,
    ),
    createFilesCollector({
      kernel,
      rootPath: deps.config.rootPath,
      paths: deps.config.watchedPaths,
      cpuCores: deps.config.limits.cpuCores,
      news,
      hashedPaths: deps.config.hashedPaths,
    }),
    createLoginsCollector({
      rootPath: deps.config.rootPath,
      architecture: process.arch,
      file: stateFile('logins.json', LoginState),
      containersFile: stateFile('container-logins.json', ContainerLoginState),
    }),
    createAccountsCollector({
      rootPath: deps.config.rootPath,
      file: stateFile('accounts.json', AccountState),
      news,
    }),
  ];
};

/** Root's own stores alone: in that of a user anything can be said to be any image. */
const readersBelow = (rootPath: string): readonly StoreReader[] => {
  const containerd = containerdRoots.map((root) => join(rootPath, root));
  const storage = join(rootPath, containersStorageRoot);
  return [
    ...containerd.map(containerdReader),
    configuredReader(containerdReader, { setting: containerdSetting, rootPath, usual: containerd }),
    containersStorageReader(storage),
    configuredReader(containersStorageReader, { setting: containersStorageSetting, rootPath, usual: [storage] }),
  ];
};
