import { hostname } from 'node:os';
import { createHostTimes } from '../../proc/host-times.ts';
import type { CollectorDefinition } from '../collector.ts';
import type { RuntimeStates } from '../runtime-states.ts';
import type { CloudFacts } from './cloud-metadata.ts';
import { readAddresses, readFirstStart, readFixedHostFacts, readHostPackageDatabases } from './host-facts.ts';

const refreshEveryMs = 10_000;

/** The host itself: system, addresses, cloud, package databases, and what runs containers. */
export const createHostCollector = (deps: {
  readonly rootPath: string;
  readonly cloud: () => CloudFacts | undefined;
  readonly runtimes: RuntimeStates;
}): CollectorDefinition => ({
  name: 'host',
  needs: [],
  start: async ({ inventory, bootId, procPath, clock, report, log }) => {
    const fixed = readFixedHostFacts(deps.rootPath);
    const startedAt = createHostTimes(procPath, clock.now()).startedAt(0);
    const firstStartedAt = readFirstStart(deps.rootPath, startedAt);
    const put = (): void => {
      const cloud = deps.cloud();
      inventory.put({
        kind: 'host',
        key: 'host',
        startedAt,
        bootId,
        ...(firstStartedAt === undefined ? {} : { firstStartedAt }),
        hostname: hostname().slice(0, 1024),
        ...fixed,
        addresses: readAddresses(),
        ...(cloud === undefined ? {} : { cloud }),
        runtimes: [...deps.runtimes.all()].slice(0, 16),
        packageDatabases: readHostPackageDatabases(deps.rootPath),
      });
    };
    put();
    report({ state: 'running', source: 'files and system calls' });
    deps.runtimes.onChange(put);
    const timer = setInterval(() => {
      try {
        put();
      } catch (error) {
        log.warn('the host could not be described', { error });
      }
    }, refreshEveryMs);
    return {
      stop: async () => {
        clearInterval(timer);
      },
    };
  },
});
