import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type BackupAnswer, type MaintenanceJob, MaintenanceMessage } from '@parapet/contract/control';
import { AppError } from '@parapet/core';
import type { Output } from '../output/print.ts';
import { programDir } from '../settings.ts';
import { makePlan } from '../up/plan.ts';

/** How the program for stopped consoles is started: as whom, from where. */
export type MaintenanceSpec = {
  readonly node: string;
  readonly script: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly user?: { readonly uid: number; readonly gid: number };
};

/** As this very user: to look at a file. */
export const asOneself = (): MaintenanceSpec => ({
  node: process.execPath,
  script: join(programDir(), 'maintenance.js'),
  env: { PATH: process.env['PATH'], LD_LIBRARY_PATH: process.env['LD_LIBRARY_PATH'] },
});

/** As the user that the console of this data folder runs as. */
export const asConsole = async (
  options: { readonly dataDir: string; readonly config?: string },
  output: Output,
): Promise<MaintenanceSpec> => {
  const plan = await makePlan(options, programDir(), output.step);
  const { node, script, env, user } = plan.console;
  return { node, script: join(script, '..', 'maintenance.js'), env, ...(user === undefined ? {} : { user }) };
};

/** Runs one job on the file behind a descriptor. Throws AppError with the program's own sentence. */
export const runMaintenance = (
  spec: MaintenanceSpec,
  job: MaintenanceJob,
  fileDescriptor: number,
  onStep: (text: string) => void,
): Promise<BackupAnswer> =>
  new Promise((resolve, reject) => {
    const child = spawn(spec.node, ['--disable-warning=ExperimentalWarning', spec.script], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc', fileDescriptor],
      env: { ...spec.env },
      cwd: '/',
      ...spec.user,
    });
    let outcome: MaintenanceMessage | undefined;
    child.on('message', (raw) => {
      const message = MaintenanceMessage.safeParse(raw);
      if (!message.success) return;
      if (message.data.kind === 'step') onStep(message.data.text);
      else outcome = message.data;
    });
    child.on('error', (error) => reject(new AppError('failed', 500, `This could not be started: ${error.message}`)));
    child.on('close', (code, signal) => {
      if (outcome?.kind === 'done') resolve(outcome.answer);
      else if (outcome?.kind === 'failed') reject(new AppError(outcome.code, 500, outcome.message));
      else reject(new AppError('failed', 500, `This ended unexpectedly (${signal ?? `exit code ${code}`}).`));
    });
    child.send(job, (error) => {
      if (error !== null) child.kill('SIGKILL');
    });
  });
