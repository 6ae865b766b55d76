import { createHash } from 'node:crypto';
import { chown, cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

export type Program = {
  /** The Node to run it with. */
  readonly node: string;
  /** Folder with console.js, sensor.js, web/, node_modules/. */
  readonly dir: string;
  /** Folder of the embedded PostgreSQL's files. */
  readonly postgresDir: string | undefined;
};

/**
 * Copies the built program below the data folder, for a system user that cannot read the checkout. Copies of earlier
 * builds are removed. The copy is named after the build's stamps, so an unchanged program is not copied again.
 */
export const copyProgram = async (program: Program, dataDir: string): Promise<Program> => {
  const parent = join(dataDir, 'program');
  const name = await buildId(program.dir);
  const target = join(parent, name);
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const existing = await readdir(parent);
  const copied: Program = {
    node: join(target, 'node'),
    dir: join(target, 'build'),
    postgresDir: program.postgresDir === undefined ? undefined : join(target, 'postgres'),
  };
  if (!existing.includes(name)) {
    const fresh = join(parent, `.${name}.new`);
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { mode: 0o755 });
    await cp(program.node, join(fresh, 'node'));
    await cp(program.dir, join(fresh, 'build'), { recursive: true, dereference: true });
    if (program.postgresDir !== undefined) await cp(program.postgresDir, join(fresh, 'postgres'), { recursive: true });
    await rename(fresh, target);
  }
  await chown(parent, 0, 0);
  for (const old of existing) if (old !== name) await rm(join(parent, old), { recursive: true, force: true });
  return copied;
};

const buildId = async (dir: string): Promise<string> => {
  const hash = createHash('sha256');
  for (const name of (await readdir(dir)).filter((file) => file.endsWith('-stamp')).sort())
    hash.update(await readFile(join(dir, name)));
  return hash.digest('hex').slice(0, 16);
};
