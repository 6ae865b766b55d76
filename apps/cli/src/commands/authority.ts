import type { Command } from 'commander';
import { createControlClient } from '../control/control-client.ts';
import { defaultDataDir } from '../settings.ts';

export const addAuthorityCommand = (program: Command): void => {
  program
    .command('authority')
    .description('print the certificate of the console’s authority (PEM), for --tls-ca and for browsers')
    .option('--data-dir <dir>', 'data folder of the running console', defaultDataDir())
    .action(async ({ dataDir }: { readonly dataDir: string }) => {
      const { certificatePem } = await createControlClient(dataDir).call('authority');
      process.stdout.write(certificatePem);
    });
};
