import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { collectorAbout } from '@parapet/contract/api';
import { describe, expect, it } from 'vitest';
import { makeConfig } from '../config/config.ts';
import { createCollectors } from './registry.ts';
import { createRuntimeStates } from './runtime-states.ts';
import { createStoredWorkloads } from './stored-workloads.ts';
import { createWorkloadDirectory } from './workload-directory-store.ts';

describe('the registry of collectors', () => {
  it('names every folder, and each folder has an index and words for people', () => {
    const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== 'testing')
      .map(({ name }) => name);
    const collectors = createCollectors({
      config: makeConfig({ HOME: '/root' }, { isRoot: true }),
      workloads: createWorkloadDirectory(),
      stored: createStoredWorkloads(),
      runtimes: createRuntimeStates(),
      hashes: { begin: () => {}, complete: () => true },
      cloud: () => undefined,
      onTrial: false,
    });
    expect(collectors.map(({ name }) => name).sort()).toEqual(folders.sort());
    expect(folders.filter((folder) => collectorAbout(folder) === '')).toEqual([]);
    for (const folder of folders) expect(statSync(join(import.meta.dirname, folder, 'index.ts')).isFile()).toBe(true);
  });
});
