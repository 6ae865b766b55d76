import { resolve } from 'node:path';
import type { Command } from 'commander';
import { replaceProcess } from './console.ts';

/** Runs a sensor in the foreground; it enrols first when it has no identity yet. */
export const addSensorCommand = (program: Command): void => {
  program
    .command('sensor')
    .description('run the sensor of this host in the foreground; the enrolment key comes by PARAPET_ENROLMENT_KEY')
    .option('--console <url>', 'address of the console, e.g. https://console.example:8443')
    .option('--authority-pin <sha256>', 'fingerprint of the console’s authority, shown with the enrolment key')
    .option('--state-dir <dir>', 'where the sensor keeps its identity')
    .action((options: { console?: string; authorityPin?: string; stateDir?: string }) => {
      replaceProcess('sensor.js', ['--max-semi-space-size=1', '--max-old-space-size=64'], {
        MALLOC_ARENA_MAX: '1',
        PARAPET_CONSOLE_URL: options.console,
        PARAPET_AUTHORITY_PIN: options.authorityPin,
        ...(options.stateDir === undefined ? {} : { PARAPET_STATE_DIR: resolve(options.stateDir) }),
      });
    });
};
