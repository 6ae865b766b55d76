import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Replaces a file so that after a crash either the old or the new content is there, never half of one (write, fsync, rename, fsync of the folder). */
export const writeFileDurably = async (path: string, content: string | Uint8Array, mode = 0o600): Promise<void> => {
  const temporary = `${path}.${process.pid}.tmp`;
  {
    await using handle = await open(temporary, 'w', mode);
    await handle.writeFile(content);
    await handle.sync();
  }
  await rename(temporary, path);
  await using folder = await open(dirname(path), 'r');
  await folder.sync();
};
