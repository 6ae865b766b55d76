import { parseArgs } from 'node:util';
import { capture } from './telemetry/capture.ts';

/**
 * More events than can be kept, at every stage at once: the sensor stalls for most of each second, its queue and its spool are
 * small. What was produced must be stored, unwanted or counted as lost, to the last one; `unexplained` is what nobody counted.
 */
export const run = async (args: readonly string[]): Promise<Readonly<Record<string, number>>> => {
  const { values } = parseArgs({
    args: [...args],
    options: { rate: { type: 'string', default: '5000' }, seconds: { type: 'string', default: '15' } },
  });
  const result = await capture({
    ...{ rate: Number(values.rate), seconds: Number(values.seconds) },
    ...{ queueEvents: 1500, spoolBytes: 1024 * 1024, stallMs: 800 },
  });
  const sum = (of: (account: (typeof result.accounts)[number]) => number): number =>
    result.accounts.reduce((total, account) => total + of(account), 0);
  const lostBy: Record<string, number> = {};
  for (const { stage, cause, count } of result.accounts.flatMap((account) => account.lost)) {
    const name = `lost: ${stage}: ${cause}`;
    lostBy[name] = (lostBy[name] ?? 0) + count;
  }
  const produced = sum((account) => account.produced);
  const unwanted = sum((account) => account.unwanted);
  const lost = Object.values(lostBy).reduce((total, count) => total + count, 0);
  return {
    generated: result.generated,
    produced,
    stored: result.events,
    lost,
    unwanted,
    unexplained: produced - result.events - lost - unwanted,
    doubled: result.doubled,
    ...lostBy,
  };
};
