import { helpers } from '../../bpf/constants.ts';
import { type KernelOffsets, placeOf } from '../offsets.ts';
import type { ProbeWriter } from '../probe-writer.ts';
import { modulePart, recordKinds, stringsAt, textLimits } from '../record.ts';

/** Raw tracepoint `module_load(module)`: a module is about to run its beginning, in the process that loads it. */
export const writeModule = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  probe.begin();
  probe.count();
  asm.call(helpers.getCurrentTask);
  asm.move('r8', 'r0');
  probe.startStrings(stringsAt[recordKinds.module]);
  probe.putTask(recordKinds.module);
  probe.appendString(modulePart.nameLength, textLimits.moduleName, 'r6', [0, placeOf(offsets, 'moduleName')], 'inline');
  probe.submit();
};
