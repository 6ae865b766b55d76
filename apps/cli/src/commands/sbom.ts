import { randomUUID } from 'node:crypto';
import type { ScanReport } from '@parapet/contract';
import { AppError, programVersion } from '@parapet/core';
import type { Command } from 'commander';
import { parseDestinations, writeDocument } from '../output/destinations.ts';
import { formats } from '../output/formats/registry.ts';
import { answer } from './answering.ts';
import { addTargetOptions, collect, sbomOf, type TargetFlags, targetHelp } from './target-options.ts';

type Flags = TargetFlags & { readonly output: readonly string[] };

const sbomFormats = formats.filter(({ name }) => name.endsWith('-json'));

export const addSbomCommand = (program: Command): void => {
  addTargetOptions(program.command('sbom <target>'))
    .description('the packages of a target as a bill of materials')
    .option(
      '-o, --output <format[=file]>',
      `${sbomFormats.map(({ name }) => name).join(' or ')}; again for both`,
      collect,
      [],
    )
    .addHelpText('after', targetHelp)
    .action((name: string, flags: Flags) =>
      answer(async (answering) => {
        const destinations = parseDestinations(
          flags.output.length === 0 ? ['cyclonedx-json'] : flags.output,
          sbomFormats,
        );
        const sbom = await sbomOf(name, flags, answering);
        const report: ScanReport = { format: 'parapet-scan/1', sbom, setAside: [], filteredOut: 0, gaps: [] };
        answering.progress.end();
        for (const { code, message, at } of sbom.problems)
          answering.progress.warn(
            `${code === 'end-of-life' ? 'warning' : 'not read'}: ${message}${at === undefined ? '' : ` (${at})`}`,
          );
        for (const { format, file } of destinations)
          await writeDocument(
            format.write(report, { documentId: randomUUID(), toolVersion: programVersion, shownAtMost: 0 }),
            file,
          );
        if (sbom.status === 'failed')
          throw new AppError('failed', 400, 'Nothing of the target could be read, so the document is empty.');
      }),
    );
};
