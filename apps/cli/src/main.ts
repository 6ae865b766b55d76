import { AppError, messageOf } from '@parapet/core';
import { Command, CommanderError } from 'commander';
import { addAdminCommand } from './commands/admin.ts';
import { addAuthorityCommand } from './commands/authority.ts';
import { addBackupCommand } from './commands/backup.ts';
import { addConfigCommand } from './commands/config.ts';
import { addConsoleCommand } from './commands/console.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addDiffCommand } from './commands/diff.ts';
import { addEnrollCommand } from './commands/enroll.ts';
import { addEvidenceCommand } from './commands/evidence.ts';
import { addFeedsCommand } from './commands/feeds.ts';
import { addHuntCommand } from './commands/hunt.ts';
import { addRestoreCommand } from './commands/restore.ts';
import { addSbomCommand } from './commands/sbom.ts';
import { addScanCommand } from './commands/scan.ts';
import { addSensorCommand } from './commands/sensor.ts';
import { addSensorCommandCommand } from './commands/sensor-command.ts';
import { addStatusCommand } from './commands/status.ts';
import { addUpCommand } from './commands/up.ts';
import { addVersionCommand } from './commands/version.ts';
import { exitCodes } from './exit-codes.ts';
import { printable } from './output/print.ts';
import { programCall } from './settings.ts';

const build = (): Command => {
  const { here } = programCall();
  const program = new Command('parapet')
    .description('Parapet: see what runs, who talks to whom, and what an attacker could use of it.')
    .configureHelp({ sortSubcommands: false })
    .showHelpAfterError(`(${here} help shows all commands)`)
    .addHelpText(
      'after',
      `
Exit codes: 0 done · 1 failed, or the scan found what --fail-on names · 2 wrong arguments · 3 no console runs on the data folder, or the scan has no answer

Examples:
  ${here} up                          console and sensor of this machine
  ${here} demo                        a console with a simulated fleet, to look around
  ${here} admin link                  a new one-time link for the first admin
  ${here} sensor-command              one line that installs the sensor on another host
  ${here} feeds import feeds.tar.zst  advisories on a machine without Internet
  ${here} backup console.tar          everything, in one file; ${here} restore puts it back
  ${here} scan /                      packages and vulnerabilities of a folder, image, container, archive
  ${here} sbom dir:/ > host.cdx.json  a bill of materials
  ${here} hunt 'process.name = nc'    what hosts and containers did in the last hour`,
    )
    .exitOverride();
  addUpCommand(program);
  addDemoCommand(program);
  addConsoleCommand(program);
  addSensorCommand(program);
  addEnrollCommand(program);
  addSensorCommandCommand(program);
  addAdminCommand(program);
  addFeedsCommand(program);
  addBackupCommand(program);
  addRestoreCommand(program);
  addScanCommand(program);
  addSbomCommand(program);
  addDiffCommand(program);
  addHuntCommand(program);
  addEvidenceCommand(program);
  addConfigCommand(program);
  addStatusCommand(program);
  addAuthorityCommand(program);
  addVersionCommand(program);
  for (const command of program.commands) command.exitOverride().showHelpAfterError('(see --help)');
  return program;
};

// Whoever reads our output may stop early, as `head` does; that is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(exitCodes.ok);
});

try {
  await build().parseAsync(process.argv);
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  // commander has printed its own message already
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  const json = process.argv.includes('--json');
  const code = error instanceof AppError ? error.code : 'failed';
  if (json) process.stdout.write(`${JSON.stringify({ error: { code, message: messageOf(error) } })}\n`);
  else process.stderr.write(`parapet: ${printable(messageOf(error))}\n`);
  if (code === 'not-running') return exitCodes.notRunning;
  return code === 'usage' ? exitCodes.usage : exitCodes.failed;
}
