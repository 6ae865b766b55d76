import type { KernelOffsets } from '../offsets.ts';
import type { ProbeWriter } from '../probe-writer.ts';
import { exitPart, recordKinds, stringsAt } from '../record.ts';

/** Raw tracepoint `sched_process_exit(task)`, run for each thread: the last one of its process tells of the end. */
export const writeExit = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  probe.begin();
  probe.takeArgument(0);
  probe.read(4, 'r1', 'r8', [offsets.taskSignal, offsets.signalLive]);
  probe.asm.jumpIf('ne', 'r1', 0, 'leave');
  probe.count();
  probe.startStrings(stringsAt[recordKinds.exit]);
  probe.putTask(recordKinds.exit);
  probe.copy(exitPart.exitCode, 4, 'r8', [offsets.taskExitCode]);
  probe.copy(exitPart.groupExitCode, 4, 'r8', [offsets.taskSignal, offsets.signalGroupExitCode]);
  probe.submit();
};
