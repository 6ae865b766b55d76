import { basename } from 'node:path';
import { ScanReport } from '@parapet/contract';
import { AppError, parseJson, readFileBounded } from '@parapet/core';
import { readSbom } from '@parapet/sbom';
import { type Command, Option } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { writeDocument } from '../output/destinations.ts';
import { compareScans, isSame } from '../scan/diff/compare.ts';
import { writeDiff } from '../scan/diff/write.ts';
import { parseFailOn, reasonsToFail } from '../scan/narrow/fail-on.ts';
import { maxReportBytes } from '../scan/scan-options.ts';
import { answer } from './answering.ts';

type Flags = { readonly output: 'text' | 'json'; readonly failOn?: string; readonly exitCode?: boolean };

export const addDiffCommand = (program: Command): void => {
  program
    .command('diff <from> <to>')
    .description('what came, went and changed between two saved scans (-o json) or bills of materials')
    .addOption(new Option('-o, --output <format>', 'what to print').choices(['text', 'json']).default('text'))
    .option('--fail-on <conditions>', 'exit with 1 when a new vulnerability meets one; as of scan')
    .option('--exit-code', 'exit with 1 when anything differs')
    .action((from: string, to: string, flags: Flags) =>
      answer(async ({ progress }) => {
        const failOn = flags.failOn === undefined ? undefined : parseFailOn(flags.failOn);
        if (failOn?.ok === false) throw new AppError('usage', 400, failOn.error.message);
        const later = await readSide(to);
        const diff = compareScans(await readSide(from), later);
        if (failOn !== undefined && diff.findings === undefined)
          throw new AppError(
            'not-matched',
            400,
            '--fail-on could not be answered: both sides have to be scans that were matched with advisories (-o json).',
          );
        await writeDocument(
          flags.output === 'json' ? `${JSON.stringify(diff, undefined, 2)}\n` : writeDiff(diff),
          undefined,
        );
        const added = { ...later, findings: [...(diff.findings?.added ?? [])] };
        const reasons = failOn === undefined ? [] : reasonsToFail(added, failOn.value);
        for (const reason of reasons) progress.warn(`failed on new ${reason}`);
        if (reasons.length > 0 || (flags.exitCode === true && !isSame(diff))) process.exitCode = exitCodes.found;
      }),
    );
};

/** A saved scan, or else somebody's bill of materials, which knows no vulnerabilities. */
const readSide = async (path: string): Promise<ScanReport> => {
  const content = await readFileBounded(path, maxReportBytes);
  if (!content.ok) throw new AppError('usage', 400, `${path}: ${content.error.message}`);
  const text = content.value.toString('utf8');
  const report = parseJson(text, ScanReport);
  if (report.ok) return report.value;
  const sbom = readSbom(text, { name: basename(path), at: new Date().toISOString() });
  if (sbom.ok) return { format: 'parapet-scan/1', sbom: sbom.value, setAside: [], filteredOut: 0, gaps: [] };
  const why = text.includes('"parapet-scan/1"') ? report.error : sbom.error;
  throw new AppError('no-target', 400, `${path} is neither a saved scan nor a bill of materials: ${why.message}`);
};
