import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** The newest advisory database below a console's data folder; undefined while there is none. */
export const findAdvisories = async (dataDir: string): Promise<string | undefined> => {
  const dir = join(dataDir, 'console', 'feeds');
  const names = (await readdir(dir).catch(() => [])).filter((name) => /^advisories-[0-9a-f]+\.db$/.test(name));
  const dated = await Promise.all(
    names.map(async (name) => ({ path: join(dir, name), at: (await stat(join(dir, name))).mtimeMs })),
  );
  return dated.sort((a, b) => b.at - a.at)[0]?.path;
};
