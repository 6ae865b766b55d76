import type { Readable } from 'node:stream';
import { z } from 'zod';
import type { RouteHandlers } from '../http/handler.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { type WriteGate, whileOpen } from '../self-watch/write-gate.ts';
import { type BackupServiceDeps, createBackupService, type StreamChoice } from './backup-service.ts';
import { BackupOrigin } from './format.ts';

const makeQueue = 'backup-make';
const tickQueue = 'backup-tick';

export type BackupFeature = {
  readonly handlers: Pick<RouteHandlers, 'backups.status' | 'backups.make' | 'backups.schedule'>;
  /** For the command line of this machine. */
  readonly stream: (choice: StreamChoice) => Promise<Readable>;
};

/** Backups of a running console: asked for, scheduled, listed. Make it before the jobs start. */
export const createBackupFeature = (
  deps: BackupServiceDeps & { readonly jobs: Jobs; readonly gate: WriteGate },
): BackupFeature => {
  const { jobs } = deps;
  const service = createBackupService(deps);
  jobs.register(makeQueue, ({ origin }, { signal }) => service.make(origin, signal), {
    schema: z.object({ origin: BackupOrigin }),
    policy: 'one-at-all',
    // Its failure is told in the status; the schedule tries again.
    retryLimit: 0,
    timeoutSeconds: 6 * 3600,
  });
  jobs.register(
    tickQueue,
    whileOpen(deps.gate, 'folder', async () => {
      if (await service.isDue()) await jobs.enqueue(makeQueue, { origin: 'scheduled' });
    }),
    { schema: z.object({}), policy: 'one-at-all', retryLimit: 0 },
  );
  jobs.schedule(tickQueue, '*/10 * * * *', {});
  return {
    stream: service.stream,
    handlers: {
      'backups.status': () => service.status(),
      'backups.make': async () => {
        await jobs.enqueue(makeQueue, { origin: 'manual' });
        return service.status();
      },
      'backups.schedule': async ({ body }) => {
        await service.setSchedule(body);
        return service.status();
      },
    },
  };
};
