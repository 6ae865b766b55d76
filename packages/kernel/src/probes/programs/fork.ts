import type { KernelOffsets } from '../offsets.ts';
import type { ProbeWriter } from '../probe-writer.ts';
import { recordKinds, stringsAt } from '../record.ts';

/** Raw tracepoint `sched_process_fork(parent, child)`; new threads are left out. */
export const writeFork = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  probe.begin();
  probe.takeArgument(1);
  probe.read(4, 'r7', 'r8', [offsets.taskTgid]);
  probe.read(4, 'r1', 'r8', [offsets.taskPid]);
  probe.asm.jumpIf('ne', 'r1', 'r7', 'leave');
  probe.count();
  probe.startStrings(stringsAt[recordKinds.fork]);
  probe.putTask(recordKinds.fork);
  probe.submit();
};
