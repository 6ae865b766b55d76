import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './wait.ts';

/** A folder for what the processes of one run share; `npm test` makes and removes it. */
export const sharedDir = process.env['PARAPET_TEST_SHARED_DIR'];

/**
 * Makes what is slow to make once in a run, whichever process asks first: others wait until it is there. Without a folder that
 * they share each makes its own. What fails is tried again by whoever asks next.
 */
export const onceInARun = async (name: string, make: () => Promise<void>, dir = sharedDir): Promise<void> => {
  if (dir === undefined) return make();
  const [made, making] = [join(dir, `${name}.made`), join(dir, `${name}.making`)];
  const who = await eventually(
    `${name}, which another process makes`,
    async () => ((await exists(made)) ? 'others' : (await takes(making)) && 'we'),
    600_000,
  );
  if (who === 'others') return;
  try {
    // It may have been made between both looks.
    if (await exists(made)) return;
    await make();
    await writeFile(made, '');
  } finally {
    await rm(making, { recursive: true, force: true });
  }
};

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** A folder is made by one process only. */
const takes = (path: string): Promise<boolean> =>
  mkdir(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
