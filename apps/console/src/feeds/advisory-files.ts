import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type AdvisoryDatabase, databasePath, likelihoodOf, openAdvisoryDatabase } from '@parapet/advisories';
import { activeAdvisoriesFile } from '@parapet/contract/control';
import { makeFolderDurably, messageOf, writeFileDurably } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { AdvisoryContent } from '../findings/advisory-content.ts';
import { createMatchMemory } from '../findings/match-memory.ts';
import type { Log } from '../logging/log.ts';

export type AdvisoryFiles = AdvisoryContent &
  Disposable & {
    /** Opens the version that the database names as active. Without one, or when its file cannot be used, there is no content. */
    readonly reload: () => Promise<void>;
    /** Why there is no content although a version is active. */
    readonly problem: () => string | undefined;
    /** Whether the file of a version can be used. */
    readonly isUsable: (version: string) => boolean;
    readonly remove: (version: string) => Promise<void>;
  };

/** Somebody may still be reading with a handle that was just replaced. */
const closeAfterMs = 60_000;

/** The files of the advisory database; one of them is open. */
export const createAdvisoryFiles = (deps: {
  readonly db: Database;
  readonly databaseDir: string;
  readonly log: Log;
}): AdvisoryFiles => {
  const { db, databaseDir, log } = deps;
  let open: AdvisoryDatabase | undefined;
  let trouble: string | undefined;
  const closing = new Map<AdvisoryDatabase, NodeJS.Timeout>();

  const retire = (database: AdvisoryDatabase | undefined): void => {
    if (database === undefined) return;
    const timer = setTimeout(() => {
      closing.delete(database);
      database.close();
    }, closeAfterMs);
    timer.unref();
    closing.set(database, timer);
  };

  /** The command line matches with the same version; without the word it takes the newest, so this failing stops nothing. */
  const nameActive = async (version: string): Promise<void> => {
    try {
      await makeFolderDurably(databaseDir);
      await writeFileDurably(join(databaseDir, activeAdvisoriesFile), `${version}\n`);
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'the version in use could not be written down for the command line');
    }
  };

  return {
    current: () => open,
    likelihoodOf,
    matched: createMatchMemory(),
    problem: () => trouble,
    isUsable: (version) => {
      const opened = openAdvisoryDatabase(databasePath(databaseDir, version));
      if (opened.ok) opened.value.close();
      return opened.ok;
    },
    reload: async () => {
      const active = await db
        .selectFrom('feed_versions')
        .select('version')
        .where('active', '=', true)
        .executeTakeFirst();
      if (active?.version === open?.version) return;
      retire(open);
      open = undefined;
      trouble = undefined;
      if (active === undefined) return;
      const opened = openAdvisoryDatabase(databasePath(databaseDir, active.version));
      if (opened.ok) {
        open = opened.value;
        await nameActive(active.version);
      } else {
        trouble = `The advisory data ${active.version} cannot be read. Update or import the feeds again, or roll back. (${opened.error.message})`;
        log.error({ version: active.version, error: opened.error.message }, 'advisory database cannot be opened');
      }
    },
    remove: (version) => rm(databasePath(databaseDir, version), { force: true }),
    [Symbol.dispose]: () => {
      for (const [database, timer] of closing) {
        clearTimeout(timer);
        database.close();
      }
      open?.close();
      open = undefined;
    },
  };
};
