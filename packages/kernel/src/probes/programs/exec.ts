import { helpers } from '../../bpf/constants.ts';
import type { KernelOffsets } from '../offsets.ts';
import type { ProbeWriter } from '../probe-writer.ts';
import { cursorMask, execPart, recordKinds, stringsAt, textLimits } from '../record.ts';

/** Raw tracepoint `sched_process_exec(task, old pid, linux_binprm)`: runs once the new program is in place. */
export const writeExec = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  probe.begin();
  probe.count();
  probe.takeArgument(0);
  probe.startStrings(stringsAt[recordKinds.exec]);
  probe.putTask(recordKinds.exec);
  const inode = [offsets.taskMm, offsets.mmExeFile, offsets.fileInode];
  probe.copy(execPart.exeInode, 8, 'r8', [...inode, offsets.inodeNumber]);
  probe.copy(execPart.exeDevice, 4, 'r8', [...inode, offsets.inodeSuperBlock, offsets.superBlockDevice]);
  probe.put(4, execPart.exeMode, 0);
  probe.copy(execPart.exeMode, 2, 'r8', [...inode, offsets.inodeMode]);
  probe.copy(execPart.exeLinks, 4, 'r8', [...inode, offsets.inodeLinks]);
  probe.copy(execPart.exeChangeSeconds, 8, 'r8', [...inode, offsets.inodeChangeSeconds]);
  probe.copy(execPart.exeChangeNanoseconds, 4, 'r8', [...inode, offsets.inodeChangeNanoseconds]);
  // Its name may be `pts/0`, text in place; without a terminal the way leads nowhere and the length is 0.
  probe.appendString(
    execPart.ttyLength,
    textLimits.tty,
    'r8',
    [offsets.taskSignal, offsets.signalTty, offsets.ttyName],
    'inline',
  );
  asm.load(8, 'r1', 'r6', 16);
  asm.store(8, 'r10', binprmSlot, 'r1');
  appendBinprm(probe, execPart.filenameLength, textLimits.filename, offsets.binprmFilename);
  appendBinprm(probe, execPart.interpreterLength, textLimits.interpreter, offsets.binprmInterpreter);
  const exe = [offsets.taskMm, offsets.mmExeFile];
  probe.appendPath(execPart.exePathLength, [...exe, offsets.fileDentry], [...exe, offsets.fileMount]);
  const folder = [offsets.taskFs, offsets.fsFolderDentry];
  probe.appendPath(execPart.folderLength, folder, [offsets.taskFs, offsets.fsFolderMount]);
  // Last of all: what they take may be more than a string that another one follows.
  appendArguments(probe, offsets);
  probe.submit();
};

const binprmSlot = -32;

const appendBinprm = (probe: ProbeWriter, lengthAt: number, limit: number, offset: number): void => {
  probe.asm.load(8, 'r3', 'r10', binprmSlot);
  probe.appendString(lengthAt, limit, 'r3', [offset]);
};

/** The arguments lie one after another, each ended by a zero, in the new program's memory; it has not run yet. */
const appendArguments = (probe: ProbeWriter, offsets: KernelOffsets): void => {
  const { asm } = probe;
  const short = asm.fresh('short');
  const kept = asm.fresh('kept');
  probe.read(8, 'r0', 'r8', [offsets.taskMm, offsets.mmArgStart]);
  asm.store(8, 'r10', argumentsSlot, 'r0');
  probe.read(8, 'r2', 'r8', [offsets.taskMm, offsets.mmArgEnd]);
  asm.load(8, 'r3', 'r10', argumentsSlot);
  asm.alu('sub', 'r2', 'r3');
  probe.put(4, execPart.argumentsTotal, 'r2');
  asm.jumpIf('le', 'r2', textLimits.arguments - 1, short);
  asm.move('r2', textLimits.arguments - 1);
  asm.label(short);
  asm.alu('and', 'r2', textLimits.arguments - 1);
  asm.store(8, 'r10', lengthSlot, 'r2');
  asm.alu('and', 'r7', cursorMask);
  asm.move('r1', 'r9');
  asm.alu('add', 'r1', 'r7');
  asm.call(helpers.probeReadUser);
  asm.load(8, 'r2', 'r10', lengthSlot);
  asm.jumpIf('eq', 'r0', 0, kept);
  asm.move('r2', 0);
  asm.label(kept);
  asm.alu('and', 'r2', textLimits.arguments - 1);
  probe.put(2, execPart.argumentsLength, 'r2');
  asm.alu('add', 'r7', 'r2');
};

const argumentsSlot = -40;
const lengthSlot = -48;
