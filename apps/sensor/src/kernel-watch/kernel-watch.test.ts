import type { ProbedEvent, ProbedExec } from '@parapet/kernel';
import { describe, expect, it } from 'vitest';
import { createKernelWatch } from './kernel-watch.ts';
import { createFakeProbes, probedProcess } from './testing/probed.ts';

const exec: ProbedExec = {
  kind: 'exec',
  ...{ atNs: 1n, cpu: 0, process: probedProcess(7, 'sh') },
  ...{ filename: './run', interpreter: '/bin/sh', exePath: '/usr/bin/dash', folder: '/', tty: '' },
  ...{ arguments: [], argumentsBytes: 0, argumentsTotalBytes: 0 },
  exe: { device: 1n, inode: 1n, mode: 0o755, links: 1, changedNs: 1n },
};
const exit: ProbedEvent = {
  ...{ kind: 'exit', atNs: 2n, cpu: 0, process: probedProcess(7, 'sh') },
  ...{ exitCode: 0, signal: 0 },
};

describe('the watch over the kernel', () => {
  it('opens its programs with the first that joins and closes them with the last that leaves', () => {
    const probes = createFakeProbes();
    const watch = createKernelWatch({ cpuCores: undefined, open: probes.open });
    const seen: string[] = [];
    const join = (name: string) => watch.join({ onEvent: ({ kind }) => seen.push(`${name} ${kind}`) });
    const [one, other] = [join('one'), join('other')];
    expect(probes.opened()).toBe(1);
    probes.tell(exec);
    if (one.ok) one.value.leave();
    if (one.ok) one.value.leave();
    probes.tell(exit);
    expect(seen).toEqual(['one exec', 'other exec', 'other exit']);
    expect(probes.closed()).toBe(0);
    if (other.ok) other.value.leave();
    expect(probes.closed()).toBe(1);
    expect(join('late').ok).toBe(true);
    expect(probes.opened()).toBe(2);
  });

  it('remembers the file that runs, and an ended process for its last events', () => {
    const probes = createFakeProbes();
    const watch = createKernelWatch({ cpuCores: undefined, open: probes.open });
    const executables: (string | undefined)[] = [];
    watch.join({ onEvent: () => executables.push(watch.memory.recall('7:7')?.executable) });
    probes.tell(exec);
    probes.tell(exit);
    expect(executables).toEqual(['/usr/bin/dash', '/usr/bin/dash']);
    expect(watch.memory.recall('7:7')).toEqual({ name: 'sh', executable: '/usr/bin/dash' });
  });

  it('remembers a program that executed itself anew by what it is to be', () => {
    const probes = createFakeProbes();
    const watch = createKernelWatch({ cpuCores: undefined, open: probes.open });
    watch.join({ onEvent: () => {} });
    const process = probedProcess(7, 'exe');
    probes.tell({ ...exec, process, filename: '/proc/self/exe', exePath: '/bin/busybox', arguments: ['ls', '/srv'] });
    expect(watch.memory.recall('7:7')).toEqual({ name: 'ls', executable: '/bin/busybox' });
  });

  it('accounts to each for what came since it joined, and tells losses of connections apart', () => {
    const probes = createFakeProbes();
    const watch = createKernelWatch({ cpuCores: undefined, open: probes.open });
    watch.join({ onEvent: () => {} });
    probes.tell(exec);
    // One was handed over, two lost, one waits.
    probes.count(
      { probe: 'exec', produced: 4, lost: 2, missed: 0 },
      { probe: 'socket', produced: 0, lost: 0, missed: 0 },
    );
    const late = watch.join({ onEvent: () => {} });
    if (!late.ok) throw new Error(late.error.message);
    probes.tell(exit);
    probes.count(
      { probe: 'exec', produced: 4, lost: 2, missed: 1 },
      { probe: 'socket', produced: 5, lost: 4, missed: 3 },
    );
    expect(late.value.account()).toEqual({
      ...{ produced: 6, delivered: 1, lost: 4, missed: 4 },
      ...{ lostConnections: 4, missedConnections: 3 },
    });
  });

  it('says why there is nothing to join, and does not ask the kernel again', () => {
    const probes = createFakeProbes();
    const watch = createKernelWatch({ cpuCores: undefined, open: probes.open });
    probes.refuse('It is too old.');
    expect(watch.join({ onEvent: () => {} })).toMatchObject({ ok: false, error: { message: 'It is too old.' } });
    expect(watch.join({ onEvent: () => {} }).ok).toBe(false);
    expect(probes.opened()).toBe(0);
  });
});
