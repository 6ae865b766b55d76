import { closeSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { errno } from '../constants.ts';
import { attempt, callFailed, checked, KernelError } from '../kernel-error.ts';
import { addressOf, libc } from '../libc.ts';

/** A tracepoint as the running kernel has it: its number, and where each field lies in what a program is called with. */
export type TracepointFormat = {
  readonly id: number;
  readonly fields: ReadonlyMap<string, FormatField>;
};
export type FormatField = { readonly offset: number; readonly sizeBytes: number };

/** What the kernel tells of its tracepoints (the kernel's Documentation/trace/events.rst): it takes the place of types. */
export type Tracefs = Disposable & {
  /** `undefined` where this kernel has no such tracepoint. */
  readonly formatOf: (group: string, name: string) => TracepointFormat | undefined;
  readonly close: () => void;
};

/**
 * Where it is mounted, which systemd does; else by a mount of its own that no other process sees and that goes with its descriptor (Linux 5.2).
 */
export const openTracefs = (rootPath = '/'): Result<Tracefs, Problem> => {
  const mounted = ['sys/kernel/tracing', 'sys/kernel/debug/tracing']
    .flatMap((path) => [join(rootPath, path), join('/', path)])
    .find((path) => readFormat(path, 'sched', 'sched_process_exec') !== undefined);
  if (mounted !== undefined) return ok(readBelow(mounted, () => {}));
  const own = attempt(mountOwn);
  if (!own.ok)
    return fail(
      problem(
        'no-tracefs',
        `The kernel’s tracepoints cannot be read: mount tracefs on /sys/kernel/tracing (${own.error.message})`,
      ),
    );
  const fd = own.value;
  return ok(readBelow(`/proc/self/fd/${fd}`, () => closeSync(fd)));
};

/** Reads a `format` file; `undefined` for a text that is none. */
export const parseFormat = (text: string): TracepointFormat | undefined => {
  const id = /^ID:\s*(\d{1,9})$/m.exec(text)?.[1];
  if (id === undefined) return undefined;
  const fields = new Map<string, FormatField>();
  for (const line of text.split('\n', maxLines)) {
    const [, declared = '', offset, size] = /^\s*field:([^;]+);\s*offset:(\d{1,6});\s*size:(\d{1,6});/.exec(line) ?? [];
    const name = /(\w+)(\[[^\]]*\])?$/.exec(declared)?.[1];
    if (name !== undefined) fields.set(name, { offset: Number(offset), sizeBytes: Number(size) });
  }
  return { id: Number(id), fields };
};

const maxLines = 256;

const readBelow = (path: string, close: () => void): Tracefs => ({
  formatOf: (group, name) => {
    const text = readFormat(path, group, name);
    return text === undefined ? undefined : parseFormat(text);
  },
  close,
  [Symbol.dispose]: close,
});

const readFormat = (path: string, group: string, name: string): string | undefined => {
  try {
    return readFileSync(join(path, 'events', group, name, 'format'), 'latin1');
  } catch {
    // Not mounted there, or not in this kernel.
    return undefined;
  }
};

/** fsopen(2), fsconfig(2), fsmount(2): the same numbers on all processors. */
const calls = { fsopen: 430, fsconfig: 431, fsmount: 432 } as const;
const closeOnExec = 1;
const createCommand = 6;

const mountOwn = (): number => {
  const name = Buffer.from('tracefs\0');
  const context = libc().syscall(calls.fsopen, addressOf(name), closeOnExec, 0, 0, 0, 0);
  if (context < 0) throw callFailed('fsopen', 'of tracefs');
  void name.byteLength;
  try {
    checked('fsconfig', libc().syscall(calls.fsconfig, context, createCommand, 0, 0, 0, 0), 'of tracefs');
    const mounted = libc().syscall(calls.fsmount, context, closeOnExec, 0, 0, 0, 0);
    return checked('fsmount', mounted, 'of tracefs');
  } finally {
    closeSync(context);
  }
};

/** The place of a field; throws a `KernelError` where the tracepoint has none. */
export const fieldOf = (format: TracepointFormat, name: string): FormatField => {
  const field = format.fields.get(name);
  if (field === undefined)
    throw new KernelError('bpf', errno.ENOENT, `a tracepoint of this kernel has no field ${name}`);
  return field;
};
