import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { ProbedExec, ProbedExit } from '@parapet/kernel';
import { maskArguments } from '../../masking/mask-arguments.ts';
import { describeProcess, type EventDeps } from './event-base.ts';

export const describeExec = (exec: ProbedExec, deps: EventDeps): TelemetryEvent => {
  const args = maskArguments(exec.arguments);
  const cut = exec.argumentsTotalBytes > exec.argumentsBytes;
  return {
    ...describeProcess('exec', exec, deps),
    'process.args': [...args],
    ...(cut ? {} : { 'process.args_count': args.length }),
    'process.command_line': `${args.join(' ')}${cut ? ' …' : ''}`,
    ...(exec.interpreter === exec.filename ? {} : { 'process.interpreter': exec.interpreter }),
    ...(exec.tty === '' ? {} : { 'process.tty.name': exec.tty }),
    'file.inode': `${exec.exe.device}:${exec.exe.inode}`,
    ...(exec.exe.links > 0 ? {} : fileless(exec.filename)),
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

/** A program run by fexecve(3) is named by a descriptor; one from memfd_create(2) has no name but that. */
const fileless = (filename: string): Partial<TelemetryEvent> =>
  filename.startsWith('/dev/fd/') || /^\/proc\/(?:self|\d+)\/fd\//.test(filename) || filename.startsWith('memfd:')
    ? { 'parapet.process.memfd': true }
    : { 'parapet.process.deleted': true };
