import { keepHeapSmall } from './protection/small-heap.ts';
import { scanChildArgument } from './tasks/scan-job.ts';
import { putBackArgument, selfCheckArgument, trialArgument } from './upgrade/arguments.ts';

// Programs in one file: each loads only what it needs, since memory is what a sensor has least of.
const argument = process.argv[2];
if (argument === scanChildArgument) {
  const { runScanChild } = await import('./tasks/scan-child.ts');
  keepHeapSmall();
  runScanChild();
} else if (argument === selfCheckArgument) {
  const { sayVersion } = await import('./upgrade/say-version.ts');
  sayVersion();
} else if (argument === putBackArgument) {
  const { putKernelAuditBack } = await import('./kernel-watch/put-audit-back.ts');
  await putKernelAuditBack();
} else {
  const { runSensorProcess } = await import('./sensor-process.ts');
  keepHeapSmall();
  await runSensorProcess({ onTrial: argument === trialArgument });
}
