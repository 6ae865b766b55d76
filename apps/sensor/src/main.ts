import { setFlagsFromString } from 'node:v8';
import { scanChildArgument } from './tasks/scan-job.ts';

// Collect garbage after little growth: a little more work for a heap that stays near what is in use.
setFlagsFromString('--heap-growing-percent=15');

// Two programs in one file: each loads only what it needs, since memory is what a sensor has least of.
if (process.argv[2] === scanChildArgument) {
  const { runScanChild } = await import('./tasks/scan-child.ts');
  runScanChild();
} else {
  const { runSensorProcess } = await import('./sensor-process.ts');
  await runSensorProcess();
}
