import { spawnSync } from 'node:child_process';
import { AppError, execArgv, readFileBounded } from '@parapet/core';

export type SystemUser = { readonly uid: number; readonly gid: number; readonly created: boolean };

const name = 'parapet';

/** Finds or makes the system user that console and database run as when started by root. */
export const ensureSystemUser = async (): Promise<SystemUser> => {
  const existing = await findUser();
  if (existing !== undefined) return { ...existing, created: false };
  const attempts: readonly [string, ...string[]][] = [
    [
      'useradd',
      '--system',
      '--user-group',
      '--no-create-home',
      '--home-dir',
      '/var/lib/parapet',
      '--shell',
      '/usr/sbin/nologin',
      name,
    ],
    ['adduser', '-S', '-D', '-H', '-h', '/var/lib/parapet', '-s', '/sbin/nologin', name],
  ];
  for (const argv of attempts) {
    await execArgv(argv).catch(() => undefined);
    const made = await findUser();
    if (made !== undefined) return { ...made, created: true };
  }
  throw new AppError(
    'no-system-user',
    500,
    `The system user "${name}" could not be made, and the console and its database do not run as root. Make it with: useradd --system ${name}`,
  );
};

const findUser = async (): Promise<{ uid: number; gid: number } | undefined> => {
  const passwd = await readFileBounded('/etc/passwd', 4 * 1024 * 1024);
  if (!passwd.ok) return undefined;
  const fields = passwd.value
    .toString('utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([user]) => user === name);
  const uid = Number(fields?.[2]);
  const gid = Number(fields?.[3]);
  return Number.isInteger(uid) && Number.isInteger(gid) && uid > 0 ? { uid, gid } : undefined;
};

/** Whether a program can be started and files be read (or, with `write`, be written) under another identity: asked of the kernel, not guessed from modes. */
export const canRun = (
  user: { uid: number; gid: number },
  node: string,
  files: readonly string[],
  access: 'read' | 'write' = 'read',
): boolean => {
  const script = `for (const f of process.argv.slice(1)) require('node:fs').accessSync(f, ${access === 'read' ? 4 : 2})`;
  const result = spawnSync(node, ['-e', script, ...files], {
    uid: user.uid,
    gid: user.gid,
    stdio: 'ignore',
    cwd: '/',
    timeout: 10_000,
  });
  return result.status === 0;
};
