import { helpers } from '../../bpf/constants.ts';
import type { KernelOffsets } from '../offsets.ts';
import type { ProbeWriter } from '../probe-writer.ts';
import { mountPart, recordKinds, stringsAt, textLimits } from '../record.ts';

/** The kernel's `security_sb_mount(device, path, type, flags, data)`: mount(2), its binds and remounts included. */
export const writeMount = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  begin(probe);
  probe.appendString(mountPart.sourceLength, textLimits.mountSource, 'r6', [0]);
  probe.appendString(mountPart.fileSystemLength, textLimits.fileSystem, 'r6', [16]);
  finish(probe, offsets);
};

/** The kernel's `security_move_mount(from, to)`: how what fsmount(2) or open_tree(2) made comes to its place. */
export const writeMoveMount = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const mount = [0, offsets.pathMount];
  begin(probe);
  probe.appendString(mountPart.sourceLength, textLimits.mountSource, 'r6', [
    ...mount,
    offsets.mountDevice - offsets.mountPart,
  ]);
  probe.appendString(mountPart.fileSystemLength, textLimits.fileSystem, 'r6', [
    ...mount,
    offsets.mountSuperBlock,
    offsets.superBlockType,
    offsets.typeName,
  ]);
  finish(probe, offsets);
};

const begin = (probe: ProbeWriter): void => {
  const { asm } = probe;
  probe.begin();
  probe.count();
  asm.call(helpers.getCurrentTask);
  asm.move('r8', 'r0');
  probe.startStrings(stringsAt[recordKinds.mount]);
  probe.putTask(recordKinds.mount);
};

/** The path that it is mounted on is the second argument of both. */
const finish = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  probe.takeArgument(1);
  probe.appendPath(mountPart.targetLength, [offsets.pathDentry], [offsets.pathMount]);
  probe.submit();
};
