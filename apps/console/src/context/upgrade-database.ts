import { createAuditLog } from '../audit/audit-log.ts';
import { backupName, requireRoom, rotate, writeWhole } from '../backup/backup-files.ts';
import { auditOf } from '../backup/backup-service.ts';
import { describeSource } from '../backup/backup-source.ts';
import { readDatabaseBytes } from '../backup/database-size.ts';
import type { BackupManifest } from '../backup/format.ts';
import { writeBackup } from '../backup/write-backup.ts';
import { migrateDatabase } from '../database/migrate.ts';
import type { migrations } from '../database/migrations/index.ts';
import type { OpenDatabase } from '../database/open-database.ts';
import type { UpgradeNoticeDeps } from './upgrade-notice.ts';
import { startUpgradeNotice, type UpgradeNotice } from './upgrade-notice.ts';

type UpgradeDeps = UpgradeNoticeDeps & {
  readonly database: OpenDatabase;
  readonly say: (step: string) => void;
  /** Others than this program's, in tests. */
  readonly migrations?: typeof migrations | undefined;
};

/** Backups of this origin that are kept: the last upgrades'. */
const keptBackups = 3;

/**
 * Brings the database up to this program. Where it holds data, it is backed up first, the room for that is looked at before,
 * and the console's port says what is under way.
 */
export const upgradeDatabase = async (deps: UpgradeDeps): Promise<void> => {
  const { config, clock, database, log, say } = deps;
  await using stack = new AsyncDisposableStack();
  let notice: UpgradeNotice | undefined;
  let backup: { readonly name: string; readonly manifest: BackupManifest } | undefined;
  const tell = (step: string): void => {
    say(step);
    notice?.tell(`${step}.`);
  };
  const { applied } = await migrateDatabase(database.db, {
    version: config.version,
    ...(deps.migrations === undefined ? {} : { migrations: deps.migrations }),
    onWait: () => say('Another console brings the database up to date; waiting for it'),
    beforeUpgrade: async (pending) => {
      notice = stack.use(await startUpgradeNotice(deps));
      tell(`The database is brought up to date in ${pending.length} ${pending.length === 1 ? 'step' : 'steps'}`);
      await requireRoomToUpgrade(deps);
      if (config.backup.beforeUpgrade) backup = await backUpFirst(deps, tell);
    },
    onStep: ({ name, index, count }) =>
      tell(`Bringing the database up to date: ${name}, step ${index + 1} of ${count}`),
  });
  if (backup !== undefined) {
    const audit = createAuditLog({ db: database.db, clock, log });
    await audit.record(auditOf(backup.manifest, { kind: 'system', name: 'console' }, backup.name));
  }
  if (applied.length > 0) log.info({ applied, backup: backup?.name }, 'schema brought up to date');
};

/** A migration may write a table anew, and a backup is at most as large as the data. An external server's disk is not ours to see. */
const requireRoomToUpgrade = async ({ config, folder, database }: UpgradeDeps): Promise<void> => {
  const bytes = await readDatabaseBytes(database.address);
  const forTables = config.database.kind === 'embedded' ? bytes : 0;
  const forBackup = config.backup.beforeUpgrade ? bytes : 0;
  await requireRoom(
    folder.backupsDir,
    forTables + forBackup,
    'the upgrade (a copy of the data, and tables that are written anew)',
  );
};

const backUpFirst = async (
  deps: UpgradeDeps,
  tell: (step: string) => void,
): Promise<{ readonly name: string; readonly manifest: BackupManifest }> => {
  const { config, clock, folder, database } = deps;
  const name = backupName('before-upgrade', new Date(clock.now()));
  let toldShare = -1;
  const request = await describeSource(
    { config, folder, clock, address: database.address },
    {
      ...{ origin: 'before-upgrade', passphrase: config.backup.passphrase, withFeeds: false, withEvents: false },
      onProgress: ({ done }) => {
        const share = Math.floor(done * 10) * 10;
        if (share !== toldShare) tell(`Backing up before the upgrade: ${share} %`);
        toldShare = share;
      },
    },
  );
  const manifest = await writeWhole(folder.backupsDir, name, (sink) => writeBackup(request, sink));
  await rotate(folder.backupsDir, 'before-upgrade', keptBackups);
  return { name, manifest };
};
