import { programVersion } from '@parapet/core';
import type { Command } from 'commander';
import { createOutput } from '../output/print.ts';

export const addVersionCommand = (program: Command): void => {
  program
    .command('version')
    .description('print the version of this program')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) => {
      const output = createOutput(options.json === true);
      output.line(`parapet ${programVersion} (Node ${process.versions.node})`);
      output.value({ version: programVersion, node: process.versions.node, architecture: process.arch });
    });
};
