import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { ProbedExec, ProbedExit, ProbedProcess } from '@parapet/kernel';
import type { ConnectorStart } from '../../kernel-watch/connector-watch.ts';
import { containersOf } from '../../kernel-watch/process-identity.ts';
import { maskArguments } from '../../masking/mask-arguments.ts';
import { capabilityNames } from './capability-names.ts';
import { describeProcess, type EventDeps } from './event-base.ts';

export const describeExec = (exec: ProbedExec, deps: EventDeps): TelemetryEvent => {
  const { process } = exec;
  const args = maskArguments(exec.arguments);
  const cut = exec.argumentsTotalBytes > exec.argumentsBytes;
  const event = describeProcess('exec', exec, deps);
  event['process.args'] = [...args];
  if (!cut) event['process.args_count'] = args.length;
  event['process.command_line'] = `${args.join(' ')}${cut ? ' …' : ''}`;
  if (exec.interpreter !== exec.filename) event['process.interpreter'] = exec.interpreter;
  if (exec.tty !== '') event['process.tty.name'] = exec.tty;
  if (exec.folder !== undefined) event['process.working_directory'] = exec.folder;
  if (isWorthNaming(process))
    event['process.thread.capabilities.effective'] = [...capabilityNames(process.capabilities)];
  if (process.mountNamespace !== 0) event['parapet.namespace.mount'] = process.mountNamespace;
  if (process.pidNamespace !== 0) event['parapet.namespace.pid'] = process.pidNamespace;
  event['file.inode'] = `${exec.exe.device}:${exec.exe.inode}`;
  if (exec.exe.links === 0) event[isFromMemory(exec) ? 'parapet.process.memfd' : 'parapet.process.deleted'] = true;
  if ((exec.exe.mode & setIdBits) !== 0) event['parapet.process.setuid'] = true;
  return event;
};

/** A start that names a process alone; what was read of it a moment later may be missing, or that of the program it became next. */
export const describeStart = ({ atNs, process, start }: ConnectorStart, deps: EventDeps): TelemetryEvent => {
  const event = describeProcess('exec', { atNs, process }, deps);
  if (start?.folder !== undefined) event['process.working_directory'] = start.folder;
  if (start?.tty !== undefined && start.tty !== '') event['process.tty.name'] = start.tty;
  if (((start?.mode ?? 0) & setIdBits) !== 0) event['parapet.process.setuid'] = true;
  if (start?.executable.endsWith(' (deleted)') === true)
    event[start.executable.startsWith('/memfd:') ? 'parapet.process.memfd' : 'parapet.process.deleted'] = true;
  if (start?.arguments !== undefined) {
    const args = maskArguments(start.arguments.argv);
    event['process.args'] = [...args];
    if (!start.arguments.cut) event['process.args_count'] = args.length;
    event['process.command_line'] = `${args.join(' ')}${start.arguments.cut ? ' …' : ''}`;
  }
  if (start !== undefined && isWorthNaming(process))
    event['process.thread.capabilities.effective'] = [...capabilityNames(process.capabilities)];
  return event;
};

export const describeExit = (exit: ProbedExit, deps: EventDeps): TelemetryEvent => {
  const event = describeProcess('exit', exit, deps);
  event['process.exit_code'] = exit.signal === 0 ? exit.exitCode : 128 + exit.signal;
  event['event.duration'] = Math.max(0, Number(exit.atNs - exit.process.startNs));
  return event;
};

/** S_ISUID and S_ISGID of inode(7). */
const setIdBits = 0o6000;

/** Root of the host may do all: that is said by its number, and of most events. */
const isWorthNaming = (process: ProbedProcess): boolean =>
  process.capabilities !== 0n && (process.effectiveUid !== 0 || containersOf(process).length > 0);

/** A file from memfd_create(2) lies in no folder, and its name begins so; its program may be run by any name. */
const isFromMemory = ({ exePath, filename }: ProbedExec): boolean => (exePath ?? `/${filename}`).startsWith('/memfd:');
