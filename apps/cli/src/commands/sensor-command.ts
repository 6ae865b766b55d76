import { type Command, Option } from 'commander';
import { createControlClient } from '../control/control-client.ts';
import { bold, createOutput } from '../output/print.ts';
import { defaultDataDir } from '../settings.ts';
import { countUpTo } from './count-argument.ts';

type Options = {
  readonly docker?: boolean;
  readonly compose?: boolean;
  readonly arch: string;
  readonly hours: number;
  readonly uses?: number;
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
    .addOption(new Option('--arch <arch>', 'processor of the host').choices(['x64', 'arm64']).default('x64'))
    .option('--hours <n>', 'how long the key is good', countUpTo(8760), 24)
    .option('--uses <n>', 'how many hosts may use the key; any number unless given', countUpTo(100_000))
    .option('--data-dir <dir>', 'data folder of the running console', defaultDataDir())
    .option('--json', 'print JSON')
    .action(async (options: Options) => {
      const output = createOutput(options.json === true);
      const asContainer = options.docker === true || options.compose === true;
      const control = createControlClient(options.dataDir);
      // Said only where a console will do it.
      await control.call('status');
      output.step('Making what the host will fetch, unless it is there (seconds, once for each version)');
      const answer = await control.call('sensorCommand', {
        architecture: options.arch,
        kind: asContainer ? 'image' : 'archive',
        expiresInHours: options.hours,
        ...(options.uses === undefined ? {} : { maxUses: options.uses }),
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
