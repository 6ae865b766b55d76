import { createStateFile, prepareStateDir, type StateFile } from '../state/state-files.ts';
import { upgradeDir } from './hand-over.ts';
import { UpgradeRecord } from './record.ts';

/** The record of the upgrade under way, in the folder that an upgrade has in the state folder. */
export const openUpgradeRecord = async (stateDir: string): Promise<StateFile<UpgradeRecord>> => {
  const folder = upgradeDir(stateDir);
  await prepareStateDir(folder);
  return createStateFile(folder, 'record.json', UpgradeRecord);
};
