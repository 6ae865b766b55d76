import { messageOf } from '@parapet/core';
import type { Log } from '../log.ts';
import type { StateFile } from '../state/state-files.ts';
import type { TaskJournal } from '../tasks/task-journal.ts';
import type { UpgradeFiles } from './files.ts';
import { removeTrialState } from './hand-over.ts';
import { type Installation, versionDir } from './program.ts';
import type { UpgradeRecord } from './record.ts';
import { pruneVersions } from './version-folders.ts';

/**
 * Called at each start: brings an upgrade that was under way to its end, which the journal tells the console until it is
 * heard. Which version runs is the outcome; the record only says why it is the old one.
 */
export const settleUpgrade = async (deps: {
  readonly installation: Installation | undefined;
  readonly stateDir: string;
  readonly files: UpgradeFiles;
  readonly record: StateFile<UpgradeRecord>;
  readonly journal: Pick<TaskJournal, 'record'>;
  readonly startTicksOf: (pid: number) => number | undefined;
  readonly kill: (pid: number) => void;
  readonly log: Log;
}): Promise<void> => {
  const record = await deps.record.read();
  if (record === undefined) return;
  const { taskId, trial, to, from } = record;
  if (trial !== undefined && deps.startTicksOf(trial.pid) === trial.startTicks) deps.kill(trial.pid);
  await removeTrialState(deps.stateDir);
  // Not tried yet: the console sends the task again, and it goes on from what was fetched.
  if (record.step === 'prepare' && record.failure === undefined) return;
  const done = deps.installation?.build === to.build;
  const failure = record.failure ?? {
    reason: 'interrupted',
    message: `It was interrupted while version ${to.version} was tried, by a crash or a power cut. Version ${from.version} runs on, and the new one is not tried again by itself.`,
  };
  await deps.journal.record(
    done
      ? { taskId, state: 'done', message: `Version ${to.version} runs.`, acknowledged: false }
      : { taskId, state: 'failed', ...failure, acknowledged: false },
  );
  await deps.record.remove();
  deps.log.info('an upgrade ended', { taskId, to: to.build, done });
  await tidy(deps, record, done).catch((error: unknown) =>
    deps.log.warn('old versions could not be removed', { error: messageOf(error) }),
  );
};

const tidy = async (
  { installation, files }: Pick<Parameters<typeof settleUpgrade>[0], 'installation' | 'files'>,
  { from, to }: UpgradeRecord,
  done: boolean,
): Promise<void> => {
  if (installation === undefined) return;
  const { rootDir, build } = installation;
  if (done) await pruneVersions(files, rootDir, { running: build, before: from.build });
  else if (to.build !== build) await files.remove(versionDir(rootDir, to.build));
};
