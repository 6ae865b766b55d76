import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** How people call Parapet's command line on the machine of this process. */
export type ProgramCall = {
  /** Beside this process: `parapet` where a release is installed, `./parapet` in a checkout. */
  readonly here: string;
  /** From the machine's own command line, which is outside when this process is in a container. */
  readonly fromHost: string;
};

/** `programDir`: the folder of the built program. `root` is for tests. */
export const findProgramCall = (
  programDir: string,
  { root = '/', host = hostname() }: { readonly root?: string; readonly host?: string } = {},
): ProgramCall => {
  // A release has its command beside its program; its installation and our image put it on the path.
  if (!existsSync(join(programDir, '../bin/parapet'))) return { here: './parapet', fromHost: './parapet' };
  const engine = engines.find(({ mark }) => existsSync(join(root, mark)));
  // Unless somebody named it, a container's host name is the beginning of its id.
  const isNamedById = /^[0-9a-f]{12}$/.test(host);
  const fromHost =
    engine === undefined ? 'parapet' : `${engine.command} exec ${isNamedById ? host : 'CONTAINER'} parapet`;
  return { here: 'parapet', fromHost };
};

/** Files that engines put into the containers they make. */
const engines = [
  { mark: '.dockerenv', command: 'docker' },
  { mark: 'run/.containerenv', command: 'podman' },
] as const;
