import { type Loss, LossKind, lostCount } from '@parapet/contract/api';
import type { Command } from 'commander';
import { createControlClient } from '../control/control-client.ts';
import { createOutput } from '../output/print.ts';
import { formatBytes } from '../output/table.ts';
import { dataDirOption, defaultDataDir, programCall } from '../settings.ts';

export const addStatusCommand = (program: Command): void => {
  program
    .command('status')
    .description('how the console of this machine is doing')
    .option('--data-dir <dir>', 'data folder of the running console', defaultDataDir())
    .option('--json', 'print JSON')
    .action(async (options: { dataDir: string; json?: boolean }) => {
      const output = createOutput(options.json === true);
      const status = await createControlClient(options.dataDir).call('status');
      output.value(status);
      output.line(`Parapet ${status.version} at ${status.addresses.join(', ')}`);
      output.line(
        `data      ${status.dataDir} (${formatBytes(status.disk.dataBytes)}, ${formatBytes(status.disk.freeBytes)} free)`,
      );
      for (const store of status.stores)
        output.line(`${store.name.padEnd(9)} ${store.state === 'ok' ? 'ok' : 'AWAY'}: ${store.detail}`);
      output.line(
        `sensors   ${status.ingest.connectedSensors} connected, ${status.ingest.recordsPerSecond.toFixed(1)} records/s`,
      );
      output.line(`losses    ${lossesOf(status.losses)}, ${status.blind.length} blind intervals in the last 7 days`);
      if (status.firstAdminNeeded)
        output.line(`There is no admin yet: ${programCall().fromHost} admin link${dataDirOption(options.dataDir)}`);
    });
};

/** What was lost, each kind by itself: an event is read by nobody any more, a record may come again. */
export const lossesOf = (losses: readonly Pick<Loss, 'kind' | 'lost'>[]): string => {
  const counts = LossKind.options.map((kind) => ({
    kind,
    count: losses.reduce((sum, loss) => sum + (loss.kind === kind ? loss.lost : 0), 0),
  }));
  const counted = counts.filter(({ count }) => count > 0).map(({ kind, count }) => lostCount(kind, count));
  return counted.length === 0 ? 'none' : counted.join(', ');
};
