import type { KernelWatch } from '../../kernel-watch/kernel-watch.ts';
import type { CollectorDefinition } from '../collector.ts';
import type { FileNews } from '../file-news.ts';
import { startFileCollector } from './file-collector.ts';

/** What happens to the files that decide what runs on a host and who may do what there, each change as an event. */
export const createFilesCollector = (deps: {
  readonly kernel: KernelWatch;
  readonly rootPath: string;
  /** Empty: none are watched. */
  readonly paths: readonly string[];
  readonly cpuCores: number | undefined;
  readonly news?: FileNews;
  readonly hashedPaths?: readonly string[];
}): CollectorDefinition => ({
  name: 'files',
  needs: [{ kind: 'root', reason: 'The kernel tells changes of files to root only: sudo ./parapet up' }],
  start: async (context) => startFileCollector(deps, context),
});
