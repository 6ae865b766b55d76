import type { Command } from 'commander';
import { createControlClient } from '../control/control-client.ts';
import { bold, createOutput } from '../output/print.ts';
import { defaultDataDir } from '../settings.ts';

type Options = {
  readonly docker?: boolean;
  readonly compose?: boolean;
  readonly arch: string;
  readonly hours: string;
  readonly uses?: string;
  readonly dataDir: string;
  readonly json?: boolean;
};

/** Prints what adds another host: one line with a fresh key in it. */
export const addSensorCommandCommand = (program: Command): void => {
  program
    .command('sensor-command')
    .description('print the one line that installs the sensor on another host, with a fresh enrolment key')
    .option('--docker', 'for a Docker host: runs the sensor as a container')
    .option('--compose', 'a compose file for a Docker host, and the line that loads its image')
    .option('--arch <arch>', 'processor of the host: x64 or arm64', 'x64')
    .option('--hours <n>', 'how long the key is good', '24')
    .option('--uses <n>', 'how many hosts may use the key; any number unless given')
    .option('--data-dir <dir>', 'data folder of the running console', defaultDataDir())
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const output = createOutput(options.json === true);
      const asContainer = options.docker === true || options.compose === true;
      output.step('Making what the host will fetch, unless it is there (seconds, once for each version)');
      const answer = await createControlClient(options.dataDir).call('sensorCommand', {
        architecture: options.arch,
        kind: asContainer ? 'image' : 'archive',
        expiresInHours: Number(options.hours),
        ...(options.uses === undefined ? {} : { maxUses: Number(options.uses) }),
      });
      const { commands } = answer;
      output.line(
        options.compose === true
          ? 'Load the image on the host:'
          : `Run this on the host (good until ${answer.expiresAt}):`,
      );
      output.line(
        bold((options.compose ? commands.composeLoad : asContainer ? commands.docker : commands.linux) ?? ''),
      );
      if (options.compose === true) {
        output.line(`\nThen, with the compose file below, once with the key (good until ${answer.expiresAt}):`);
        output.line(bold(commands.composeUp ?? ''));
        output.line();
        output.line(commands.composeFile ?? '');
      }
      output.value(answer);
    });
};
