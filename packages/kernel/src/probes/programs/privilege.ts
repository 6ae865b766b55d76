import { helpers } from '../../bpf/constants.ts';
import type { KernelOffsets } from '../offsets.ts';
import type { ProbeWriter } from '../probe-writer.ts';
import { privilegePart, recordKinds, stringsAt } from '../record.ts';

/**
 * The kernel's `commit_creds(new)`, by which every change of a process's rights goes: set-id calls, capset(2), a new user namespace,
 * the start of a set-id program. Told where a user or group changes or a capability is gained; most calls change neither.
 */
export const writePrivilege = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  const changed = asm.fresh('changed');
  const identities = [
    [privilegePart.uid, offsets.credUid],
    [privilegePart.effectiveUid, offsets.credEuid],
    [privilegePart.gid, offsets.credGid],
    [privilegePart.effectiveGid, offsets.credEgid],
  ] as const;
  probe.begin();
  probe.takeArgument(0);
  for (const [to, offset] of identities) probe.copy(to, 4, 'r8', [offset]);
  probe.copy(privilegePart.capabilities, 8, 'r8', [offsets.credCapEffective]);
  asm.call(helpers.getCurrentTask);
  asm.move('r8', 'r0');
  for (const [at, offset] of identities) {
    probe.read(4, 'r1', 'r8', [offsets.taskCred, offset]);
    asm.load(4, 'r2', 'r9', at);
    asm.jumpIf('ne', 'r1', 'r2', changed);
  }
  probe.read(8, 'r1', 'r8', [offsets.taskCred, offsets.credCapEffective]);
  asm.alu('xor', 'r1', -1);
  asm.load(8, 'r2', 'r9', privilegePart.capabilities);
  asm.alu('and', 'r2', 'r1');
  asm.jumpIf('ne', 'r2', 0, changed);
  probe.leave();
  asm.label(changed);
  probe.count();
  probe.startStrings(stringsAt[recordKinds.privilege]);
  probe.putTask(recordKinds.privilege);
  probe.submit();
};
