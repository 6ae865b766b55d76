import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { ProbedExec, ProbedExit, ProbedProcess } from '@parapet/kernel';
import { containersOf } from '../../kernel-watch/process-identity.ts';
import { maskArguments } from '../../masking/mask-arguments.ts';
import { capabilityNames } from './capability-names.ts';
import { describeProcess, type EventDeps } from './event-base.ts';

export const describeExec = (exec: ProbedExec, deps: EventDeps): TelemetryEvent => {
  const { process } = exec;
  const args = maskArguments(exec.arguments);
  const cut = exec.argumentsTotalBytes > exec.argumentsBytes;
  return {
    ...describeProcess('exec', exec, deps),
    'process.args': [...args],
    ...(cut ? {} : { 'process.args_count': args.length }),
    'process.command_line': `${args.join(' ')}${cut ? ' …' : ''}`,
    ...(exec.interpreter === exec.filename ? {} : { 'process.interpreter': exec.interpreter }),
    ...(exec.tty === '' ? {} : { 'process.tty.name': exec.tty }),
    ...(exec.folder === undefined ? {} : { 'process.working_directory': exec.folder }),
    ...describeRights(process),
    'file.inode': `${exec.exe.device}:${exec.exe.inode}`,
    ...(exec.exe.links > 0 ? {} : fileless(exec)),
    ...((exec.exe.mode & setIdBits) === 0 ? {} : { 'parapet.process.setuid': true }),
  };
};

export const describeExit = (exit: ProbedExit, deps: EventDeps): TelemetryEvent => ({
  ...describeProcess('exit', exit, deps),
  'process.exit_code': exit.signal === 0 ? exit.exitCode : 128 + exit.signal,
  'event.duration': Math.max(0, Number(exit.atNs - exit.process.startNs)),
});

/** S_ISUID and S_ISGID of inode(7). */
const setIdBits = 0o6000;

/** Root of the host may do all: that is said by its number, and of most events. */
const describeRights = (process: ProbedProcess): Partial<TelemetryEvent> =>
  process.capabilities === 0n || (process.effectiveUid === 0 && containersOf(process).length === 0)
    ? {}
    : { 'process.thread.capabilities.effective': [...capabilityNames(process.capabilities)] };

/** A file from memfd_create(2) lies in no folder, and its name begins so; its program may be run by any name. */
const fileless = ({ exePath, filename }: ProbedExec): Partial<TelemetryEvent> =>
  (exePath ?? `/${filename}`).startsWith('/memfd:')
    ? { 'parapet.process.memfd': true }
    : { 'parapet.process.deleted': true };
