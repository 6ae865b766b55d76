import { scanChildArgument } from './tasks/scan-job.ts';

// Two programs in one file: each loads only what it needs, since memory is what a sensor has least of.
if (process.argv[2] === scanChildArgument) {
  const { runScanChild } = await import('./tasks/scan-child.ts');
  runScanChild();
} else {
  const { runSensorProcess } = await import('./sensor-process.ts');
  await runSensorProcess();
}
