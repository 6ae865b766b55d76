import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Replaces a file so that after a crash either the old or the new content is there, never half of one (write, fsync, rename,
 * fsync of the folder). When the disk takes it only in part, the old content stays and the part is removed.
 */
export const writeFileDurably = async (path: string, content: string | Uint8Array, mode = 0o600): Promise<void> => {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    {
      await using handle = await open(temporary, 'w', mode);
      await handle.writeFile(content);
      await handle.sync();
    }
    await rename(temporary, path);
  } catch (error) {
    // What failed is told; that a full disk does not even let the rest be removed would add nothing.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
};

/** Makes a folder and those above it that are missing, so that after a crash they are there with what was made durable in them. */
export const makeFolderDurably = async (path: string, mode = 0o700): Promise<void> => {
  const first = await mkdir(path, { recursive: true, mode });
  if (first === undefined) return;
  const top = dirname(first);
  for (let made = path; made !== top && made !== dirname(made); made = dirname(made)) await syncFolder(dirname(made));
};

const syncFolder = async (path: string): Promise<void> => {
  await using folder = await open(path, 'r');
  await folder.sync();
};
