import { setFlagsFromString } from 'node:v8';
import { scanChildArgument } from './tasks/scan-job.ts';
import { putBackArgument, selfCheckArgument, trialArgument } from './upgrade/arguments.ts';

// Collect garbage after little growth: a little more work for a heap that stays near what is in use.
setFlagsFromString('--heap-growing-percent=15');
// Machine code of the two quick compilers is 2 MB for what seldom runs; what runs often still gets the best one's.
setFlagsFromString('--no-sparkplug');
setFlagsFromString('--no-maglev');

// Programs in one file: each loads only what it needs, since memory is what a sensor has least of.
const argument = process.argv[2];
if (argument === scanChildArgument) {
  const { runScanChild } = await import('./tasks/scan-child.ts');
  runScanChild();
} else if (argument === selfCheckArgument) {
  const { sayVersion } = await import('./upgrade/say-version.ts');
  sayVersion();
} else if (argument === putBackArgument) {
  const { putKernelAuditBack } = await import('./kernel-watch/put-audit-back.ts');
  await putKernelAuditBack();
} else {
  const { runSensorProcess } = await import('./sensor-process.ts');
  await runSensorProcess({ onTrial: argument === trialArgument });
}
