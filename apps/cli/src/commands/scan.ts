import { randomUUID } from 'node:crypto';
import { openAdvisoryDatabase } from '@parapet/advisories';
import type { Sbom } from '@parapet/contract';
import { AppError, programVersion } from '@parapet/core';
import { createSbom, writers } from '@parapet/sbom';
import { type Command, Option } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { bold, createOutput, dim, type Output } from '../output/print.ts';
import { formatTable } from '../output/table.ts';
import { findAdvisories } from '../scan/find-advisories.ts';
import { openTarget } from '../scan/open-target.ts';
import { findVulnerabilities, type ScanFinding, type ScanSeverity, scanSeverities } from '../scan/vulnerabilities.ts';
import { defaultDataDir } from '../settings.ts';

type Options = {
  format: string;
  json?: boolean;
  failOn?: ScanSeverity;
  advisories?: string;
  dataDir: string;
  all?: boolean;
};

const formats = ['text', 'json', ...writers.map((writer) => writer.name)];
const shownAtMost = 25;

export const addScanCommand = (program: Command): void => {
  program
    .command('scan <target>')
    .description(
      'packages and vulnerabilities of a folder (the root of a system), an image archive or a local Docker image',
    )
    .addOption(new Option('--format <name>', 'what to print').choices(formats).default('text'))
    .option('--json', 'the same as --format json')
    .addOption(
      new Option('--fail-on <severity>', 'exit with 4 when something of this severity or worse is found').choices(
        scanSeverities,
      ),
    )
    .option('--advisories <file>', 'advisory database to match with (default: the newest of the data folder)')
    .option('--data-dir <dir>', 'data folder of a console', defaultDataDir())
    .option('--all', `print all findings, not only the first ${shownAtMost}`)
    .action(scan);
};

const scan = async (name: string, options: Options): Promise<void> => {
  const format = options.json === true ? 'json' : options.format;
  const output = createOutput(format !== 'text');
  const writer = writers.find((candidate) => candidate.name === format);
  const sbom = await makeSbom(name, output);
  if (writer !== undefined) {
    process.stdout.write(`${writer.write(sbom, { documentId: randomUUID(), toolVersion: programVersion })}\n`);
    return;
  }
  const findings = await match(sbom, options);
  output.value({ sbom, findings });
  print(output, sbom, findings, options.all === true);
  const worst = options.failOn === undefined ? -1 : scanSeverities.indexOf(options.failOn);
  if (findings?.some((finding) => scanSeverities.indexOf(finding.severity) <= worst) === true)
    process.exitCode = exitCodes.found;
};

const makeSbom = async (name: string, output: Output): Promise<Sbom> => {
  await using opened = await openTarget(name, output.step);
  output.step(`Reading packages of ${opened.target.name}`);
  // Awaited here: what was opened is closed when this function is left.
  return await createSbom({ target: opened.target, fileSystem: opened.fileSystem, problems: opened.problems });
};

/** Undefined when there is no advisory database to match with. */
const match = async (sbom: Sbom, options: Options): Promise<ScanFinding[] | undefined> => {
  const path = options.advisories ?? (await findAdvisories(options.dataDir));
  if (path === undefined) {
    if (options.failOn === undefined) return undefined;
    throw new AppError(
      'no-feeds',
      400,
      'There are no advisories to match with, so --fail-on could not be answered. Get them with ./parapet feeds update, or name a file with --advisories.',
    );
  }
  const opened = openAdvisoryDatabase(path);
  if (!opened.ok) throw new AppError(opened.error.code, 400, opened.error.message);
  using database = opened.value;
  return findVulnerabilities(sbom, database);
};

const print = (output: Output, sbom: Sbom, findings: readonly ScanFinding[] | undefined, all: boolean): void => {
  output.line(
    `${bold(sbom.target.name)}: ${sbom.packages.length} packages${sbom.distribution === undefined ? '' : `, ${sbom.distribution.name}`}`,
  );
  for (const problem of sbom.problems)
    output.line(`  not read: ${problem.message}${problem.at === undefined ? '' : ` (${problem.at})`}`);
  if (sbom.packages.length === 0) {
    output.line('No package database was found in it, so there is nothing to match. Is it the root of a system?');
    return;
  }
  if (findings === undefined) {
    output.line(
      'There are no advisories yet, so nothing was matched. Get them with ./parapet feeds update or ./parapet feeds import FILE.',
    );
    return;
  }
  output.line(
    `${findings.length} vulnerabilities, most likely exploited first; what is in use and reachable only a console with a sensor can tell`,
  );
  const shown = all ? findings : findings.slice(0, shownAtMost);
  if (shown.length > 0) {
    output.line(
      formatTable(
        ['likelihood', 'severity', 'vulnerability', 'package', 'installed', 'fixed in', 'why'],
        shown.map((finding) => [
          finding.likelihood.toFixed(2),
          finding.severity,
          finding.vulnerability,
          finding.package,
          finding.version,
          finding.fixedVersion ?? 'no fix yet',
          finding.reason,
        ]),
      ),
    );
  }
  if (shown.length < findings.length) output.line(dim(`${findings.length - shown.length} more; --all shows them`));
};
