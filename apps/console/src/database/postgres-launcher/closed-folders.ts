import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RunAs } from './run-as.ts';

/**
 * The folders on the way to `folder`, itself included, through which that user may not pass by their modes, outermost first. Access lists are not
 * looked at: it explains a refusal, and is no reason for one.
 */
export const closedFolders = async (folder: string, user: RunAs): Promise<readonly string[]> => {
  const closed: string[] = [];
  for (const path of wayTo(folder)) {
    const status = await stat(path).catch(() => undefined);
    if (status !== undefined && (status.mode & passBit(status, user)) === 0) closed.push(path);
  }
  return closed;
};

const wayTo = (folder: string): readonly string[] => {
  const above = dirname(folder);
  return above === folder ? [folder] : [...wayTo(above), folder];
};

const passBit = (status: { readonly uid: number; readonly gid: number }, user: RunAs): number => {
  if (status.uid === user.uid) return 0o100;
  return status.gid === user.gid ? 0o010 : 0o001;
};
