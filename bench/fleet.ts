import { parseArgs } from 'node:util';
import { runFleet } from '../tests/support/fleet/run-fleet.ts';

/**
 * A simulated fleet beside a whole console: `--sensors N --seed S --seconds T --kill-console K`. Kills the console with
 * SIGKILL that often and says whether anything acknowledged was lost or is there twice; exit code 1 when so.
 */
export const run = async (args: readonly string[]): Promise<Readonly<Record<string, number | string>>> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sensors: { type: 'string', default: '60' },
      seed: { type: 'string', default: '1' },
      seconds: { type: 'string', default: '20' },
      'kill-console': { type: 'string', default: '1' },
      pace: { type: 'string', default: '2' },
      profile: { type: 'string' },
    },
  });
  const { examples, ...figures } = await runFleet({
    sensors: Number(values.sensors),
    seed: values.seed,
    seconds: Number(values.seconds),
    killConsole: Number(values['kill-console']),
    pace: Number(values.pace),
    consoleFlags: values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`],
    say: (text) => process.stderr.write(`${text}\n`),
  });
  for (const example of examples) process.stderr.write(`${example}\n`);
  if (figures.lost + figures.doubled > 0) process.exitCode = 1;
  return figures;
};
