import { parseArgs } from 'node:util';
import { capture, startsAlone } from './telemetry/capture.ts';

/**
 * Starts of programs that live a millisecond, against what the sensor has of them on its disk: `--rate` a second (10,000) for
 * `--seconds` (60), beside what the machine starts while nobody looks. CPU and memory are those of the sensor's way of events alone, with no limit on its CPU; needs root.
 * `--source tracepoints`, `audit` or `proc-connector` begins there, as PARAPET_EVENT_SOURCE does; `unreadCounted` are starts of the whole host told without arguments.
 */
export const run = async (args: readonly string[]): Promise<Readonly<Record<string, number>>> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rate: { type: 'string', default: '10000' },
      seconds: { type: 'string', default: '60' },
      source: { type: 'string', default: 'ebpf' },
    },
  });
  const alone = await startsAlone();
  const result = await capture({ rate: Number(values.rate), seconds: Number(values.seconds), source: values.source });
  const lost = result.accounts.flatMap((account) => account.lost).reduce((sum, { count }) => sum + count, 0);
  return {
    machineStartsPerSecond: Math.round(alone),
    generated: result.generated,
    generatedPerSecond: Math.round(result.generated / result.tookSeconds),
    captured: result.starts,
    withArguments: result.withArguments,
    doubled: result.doubled,
    lostCounted: lost,
    unreadCounted: result.unread,
    cpuMsPer1000: round((result.cpuMs / Math.max(1, result.starts)) * 1000),
    cpuCores: round(result.cpuMs / 1000 / result.tookSeconds),
    rssMB: round(result.rssMb),
    rssMBMax: round(result.rssMbMax),
  };
};

const round = (value: number): number => Math.round(value * 100) / 100;
