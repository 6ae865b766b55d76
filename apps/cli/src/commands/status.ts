import type { Command } from 'commander';
import { createControlClient } from '../control/control-client.ts';
import { createOutput } from '../output/print.ts';
import { formatBytes } from '../output/table.ts';
import { defaultDataDir, programCall } from '../settings.ts';

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
      output.line(
        `losses    ${status.losses.reduce((sum, loss) => sum + loss.lost, 0)} counted, ${status.blind.length} blind intervals in the last 7 days`,
      );
      if (status.firstAdminNeeded) output.line(`There is no admin yet: ${programCall().fromHost} admin link`);
    });
};
