import { chmod, chown, lstat, mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunAs } from './run-as.ts';

/** The longest path a unix socket may have. */
const maxSocketPathBytes = 107;
const socketName = '/.s.PGSQL.5432';

/**
 * A private folder (0700, owned by the server's user) short enough for a socket: the wanted one, else one under the
 * user's runtime folder, else a fresh one under the temporary folder. A running server's folder is read from its own
 * file, so it need not be found again.
 */
export const makeSocketFolder = async (wanted: string, runAs: RunAs | undefined): Promise<string> => {
  if (fits(wanted)) {
    await mkdir(wanted, { recursive: true, mode: 0o700 });
    return claim(wanted, runAs);
  }
  const runtime = process.getuid?.() === 0 ? '/run' : `/run/user/${process.getuid?.() ?? 0}`;
  for (const parent of [runtime, tmpdir(), '/tmp']) {
    const made = await mkdtemp(join(parent, 'parapet-')).catch(() => undefined);
    if (made !== undefined && fits(made)) return claim(made, runAs);
  }
  throw new Error(`No folder with a path short enough for a socket was found; ${wanted} is too long.`);
};

const fits = (folder: string): boolean => Buffer.byteLength(folder + socketName) <= maxSocketPathBytes;

const claim = async (folder: string, runAs: RunAs | undefined): Promise<string> => {
  const found = await lstat(folder);
  if (!found.isDirectory()) throw new Error(`${folder} is not a folder.`);
  await chmod(folder, 0o700);
  if (runAs !== undefined && found.uid !== runAs.uid) await chown(folder, runAs.uid, runAs.gid);
  return folder;
};
