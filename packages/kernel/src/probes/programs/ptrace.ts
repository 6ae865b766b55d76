import { helpers } from '../../bpf/constants.ts';
import type { KernelOffsets } from '../offsets.ts';
import type { ProbeWriter } from '../probe-writer.ts';
import { commBytes, ptracePart, recordKinds, stringsAt } from '../record.ts';

/**
 * The kernel's `security_ptrace_access_check(child, mode)`: whoever asks to trace a process, or to read or write its memory. Asks
 * for less, as by most readers of /proc, are left out.
 */
export const writePtrace = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  const attach = asm.fresh('attach');
  probe.begin();
  probe.read(4, 'r7', 'r6', [8]);
  asm.jumpIf('set', 'r7', modeAttach, attach);
  probe.leave();
  asm.label(attach);
  probe.count();
  probe.put(4, ptracePart.mode, 'r7');
  probe.takeArgument(0);
  probe.copy(ptracePart.pid, 4, 'r8', [offsets.taskTgid]);
  probe.copy(ptracePart.startNs, 8, 'r8', [offsets.taskGroupLeader, offsets.taskStartBoottime]);
  probe.copy(ptracePart.comm, commBytes, 'r8', [offsets.taskComm]);
  asm.call(helpers.getCurrentTask);
  asm.move('r8', 'r0');
  probe.startStrings(stringsAt[recordKinds.ptrace]);
  probe.putTask(recordKinds.ptrace);
  probe.submit();
};

/** PTRACE_MODE_ATTACH of `linux/ptrace.h` */
const modeAttach = 2;
