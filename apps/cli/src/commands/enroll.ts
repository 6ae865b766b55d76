import { resolve } from 'node:path';
import type { Command } from 'commander';
import { replaceProcess } from './console.ts';

/** Enrols this host and ends, so that a service manager can start the sensor afterwards without a key. */
export const addEnrollCommand = (program: Command): void => {
  program
    .command('enroll')
    .description('enrol this host with a console and end; the key comes by PARAPET_ENROLMENT_KEY or standard input')
    .requiredOption('--console <url>', 'address of the console, e.g. https://console.example:8443')
    .requiredOption('--authority-pin <sha256>', 'fingerprint of the console’s authority, shown with the enrolment key')
    .option('--state-dir <dir>', 'where the sensor keeps its identity')
    .action((options: { console: string; authorityPin: string; stateDir?: string }) => {
      replaceProcess('sensor.js', [], {
        PARAPET_CONSOLE_URL: options.console,
        PARAPET_AUTHORITY_PIN: options.authorityPin,
        PARAPET_ENROL_ONLY: '1',
        ...(options.stateDir === undefined ? {} : { PARAPET_STATE_DIR: resolve(options.stateDir) }),
      });
    });
};
