import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { activeAdvisoriesFile } from '@parapet/contract/control';
import { readFileBounded } from '@parapet/core';

/**
 * The advisory database below a console's data folder: the one that the console uses, which after a rollback is not the newest.
 * The newest where no console has named one. Undefined while there is none.
 */
export const findAdvisories = async (dataDir: string): Promise<string | undefined> => {
  const dir = join(dataDir, 'console', 'feeds');
  const names = (await readdir(dir).catch(() => [])).filter((name) => /^advisories-[0-9a-f]+\.db$/.test(name));
  const active = await readFileBounded(join(dir, activeAdvisoriesFile), 256);
  const named = active.ok ? `${active.value.toString('utf8').trim()}.db` : undefined;
  if (named !== undefined && names.includes(named)) return join(dir, named);
  const dated = await Promise.all(
    names.map(async (name) => ({ path: join(dir, name), at: (await stat(join(dir, name))).mtimeMs })),
  );
  return dated.sort((a, b) => b.at - a.at)[0]?.path;
};
