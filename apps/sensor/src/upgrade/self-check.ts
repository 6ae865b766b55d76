import { execArgv, messageOf } from '@parapet/core';
import { selfCheckArgument, versionLine } from './arguments.ts';
import { UpgradeFailure } from './failure.ts';

/** For the script that starts it. */
const searchPath = '/usr/sbin:/usr/bin:/sbin:/bin';
const timeoutMs = 20_000;
const outputBytes = 16 * 1024;

/**
 * Starts a version's program to say its version: that it can be executed here, finds its libraries and its native part, and is
 * what it says.
 */
export const checkProgram = async (launcher: string, version: string): Promise<void> => {
  const refuse = (what: string): UpgradeFailure =>
    new UpgradeFailure('self-check', `The new program does not run on this host: ${what}`);
  const outcome = await execArgv([launcher, selfCheckArgument], {
    timeoutMs,
    maxOutputBytes: outputBytes,
    env: { PATH: searchPath },
  }).catch((error: unknown) => {
    throw refuse(messageOf(error));
  });
  const last = outcome.stderr.trim().split('\n').at(-1)?.slice(0, 500) ?? '';
  if (outcome.cut) throw refuse(`it did not end within ${timeoutMs / 1000} s. ${last}`.trim());
  if (outcome.exitCode !== 0) {
    throw refuse(`it ended with ${outcome.signal ?? `exit code ${outcome.exitCode}`}. ${last}`.trim());
  }
  if (!outcome.stdout.split('\n').includes(versionLine(version))) {
    throw refuse(`it is not version ${version} but says "${outcome.stdout.trim().slice(0, 100)}".`);
  }
};
