import { parseArgs } from 'node:util';
import { faults, runFault } from '../tests/support/fleet/faults.ts';

/**
 * Faults under load, one after the other on a fresh console and fleet each: `--times N --sensors N --seed S --only NAME`. For each
 * the facts that were acknowledged, and what is stored, lost or there twice; exit code 1 when anything is.
 */
export const run = async (args: readonly string[]): Promise<Readonly<Record<string, number | string>>> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sensors: { type: 'string', default: '20' },
      times: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
    },
  });
  const figures: Record<string, number> = { sensors: Number(values.sensors), times: Number(values.times) };
  for (const fault of faults) {
    if (values.only !== undefined && values.only !== fault.name) continue;
    const { examples, ...counts } = await runFault(fault, {
      sensors: Number(values.sensors),
      times: Number(values.times),
      seed: values.seed,
    });
    process.stderr.write(`${fault.name}: ${JSON.stringify(counts)}\n`);
    for (const example of examples) process.stderr.write(`  ${example}\n`);
    if (counts.lost + counts.doubled > 0) process.exitCode = 1;
    for (const [name, count] of Object.entries(counts)) figures[`${fault.name}.${name}`] = count;
  }
  return figures;
};
