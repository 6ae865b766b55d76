/** FAKE answers for backups. */
import type { BackupStatus } from '@parapet/contract/api';
import type { FakeHandlers } from './fake-answers.ts';
import { ago, day, hour } from './fake-seed.ts';
import type { FakeWorld } from './fake-world.ts';

export const backupAnswers = (world: FakeWorld): FakeHandlers => {
  const empty = world.hosts.length === 0;
  const backup = (daysAgo: number, origin: BackupStatus['backups'][number]['origin']) => ({
    name: `parapet-202611${String(28 - daysAgo).padStart(2, '0')}T023000Z-${origin}.tar`,
    takenAt: ago(daysAgo * day + 7 * hour),
    origin,
    program: '0.1.0',
    sizeBytes: 48e6 - daysAgo * 1.3e6,
  });
  const status: BackupStatus = {
    folder: '/var/lib/parapet/console/backups',
    backups: empty ? [] : [backup(0, 'scheduled'), backup(1, 'scheduled'), backup(4, 'before-upgrade')],
    schedule: { enabled: true, everyHours: 24, keep: 3, nextAt: ago(-17 * hour) },
    withKeys: !empty,
    ...(empty
      ? {}
      : {
          lastFailure: {
            at: ago(2 * day),
            message:
              'There is too little room in /var/lib/parapet/console/backups for a backup: 212 MiB are free, 724 MiB are needed. Make room and try again.',
          },
          restoredFrom: { takenAt: ago(31 * day), restoredAt: ago(30 * day), console: 'console-old' },
        }),
  };
  return {
    'backups.status': () => status,
    'backups.make': () => Object.assign(status, { running: { step: 'findings', progress: 0.4, startedAt: ago(4000) } }),
    'backups.schedule': ({ body }) => Object.assign(status, { schedule: { ...body, nextAt: ago(-20 * hour) } }),
  };
};
