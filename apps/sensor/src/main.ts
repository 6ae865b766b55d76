import { setFlagsFromString } from 'node:v8';
import { scanChildArgument } from './tasks/scan-job.ts';
import { selfCheckArgument, trialArgument } from './upgrade/arguments.ts';

// Collect garbage after little growth: a little more work for a heap that stays near what is in use.
setFlagsFromString('--heap-growing-percent=15');

// Programs in one file: each loads only what it needs, since memory is what a sensor has least of.
const argument = process.argv[2];
if (argument === scanChildArgument) {
  const { runScanChild } = await import('./tasks/scan-child.ts');
  runScanChild();
} else if (argument === selfCheckArgument) {
  const { sayVersion } = await import('./upgrade/say-version.ts');
  sayVersion();
} else {
  const { runSensorProcess } = await import('./sensor-process.ts');
  await runSensorProcess({ onTrial: argument === trialArgument });
}
