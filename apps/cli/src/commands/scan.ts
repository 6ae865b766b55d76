import { randomUUID } from 'node:crypto';
import { openAdvisoryDatabase } from '@parapet/advisories';
import type { Sbom, ScanReport } from '@parapet/contract';
import type { UploadedScan } from '@parapet/contract/api';
import { AppError, programVersion } from '@parapet/core';
import { type Command, Option } from 'commander';
import { exitCodes } from '../exit-codes.ts';
import { type Destination, parseDestinations, writeDocument } from '../output/destinations.ts';
import { formats } from '../output/formats/registry.ts';
import { findAdvisories } from '../scan/find-advisories.ts';
import { reasonsToFail } from '../scan/narrow/fail-on.ts';
import { describeRule } from '../scan/narrow/ignore-file.ts';
import { narrowFindings } from '../scan/narrow/narrow.ts';
import { failOnForms, readScanOptions, type ScanFlags, type ScanOptions } from '../scan/scan-options.ts';
import { readUploadTarget, type UploadFlags, uploadScan } from '../scan/upload.ts';
import { findVulnerabilities, scanSeverities } from '../scan/vulnerabilities.ts';
import { defaultDataDir, programCall } from '../settings.ts';
import { type Answering, answer } from './answering.ts';
import { addTargetOptions, collect, sbomOf, type TargetFlags, targetHelp } from './target-options.ts';

type Flags = ScanFlags &
  UploadFlags &
  TargetFlags & {
    readonly output: readonly string[];
    readonly json?: boolean;
    readonly advisories?: string;
    readonly dataDir: string;
    readonly all?: boolean;
  };

const shownAtMost = 25;

export const addScanCommand = (program: Command): void => {
  addTargetOptions(program.command('scan <target>'))
    .description('packages and vulnerabilities of a host, folder, image, container, archive or bill of materials')
    .option(
      '-o, --output <format[=file]>',
      `${formats.map(({ name }) => name).join(', ')}; again for several`,
      collect,
      [],
    )
    .option('--json', 'the same as -o json')
    .option('--scanners <names>', 'what to look for; only vuln is there yet', 'vuln')
    .option('--severity <least>', `show only this severity or worse: ${scanSeverities.join(', ')}`)
    .option('--risk <least>', 'show only what is exploited with at least this likelihood, 0 to 1')
    .option('--only-fixed', 'show only what a published version fixes')
    .option('--fail-on <conditions>', `exit with 1 and say why: ${failOnForms}`)
    .option('--baseline <file>', 'a saved scan (-o json): what it has does not count')
    .option('--ignore-file <file>', 'what does not count, each with a reason and a last day (docs/scanning.md)')
    .addOption(new Option('--vex <file>', 'OpenVEX, CSAF or CycloneDX; again for more').default([]).argParser(collect))
    .option(
      '--advisories <file>',
      'advisory database to match with (default: the one that the console of the data folder uses)',
    )
    .option('--data-dir <dir>', 'data folder of a console', defaultDataDir())
    .option(
      '--upload <url>',
      'leave the packages with this console, e.g. https://parapet.example:8443, which matches and shows them',
    )
    .option('--token-file <file>', 'holds the token for it (default: PARAPET_TOKEN or PARAPET_TOKEN_FILE)')
    .option('--tls-ca <file>', 'PEM of the authority of its certificate (default: PARAPET_TLS_CA, or the system’s)')
    .addOption(
      new Option('--label <name=value>', 'label of the uploaded scan, e.g. team=shop; again for more')
        .default([])
        .argParser(collect),
    )
    .option('--all', `print all findings, not only the first ${shownAtMost}`)
    .addHelpText(
      'after',
      `${targetHelp}

Exit codes: 0 nothing that --fail-on names · 1 something it names, and why on standard error · 2 wrong arguments · 3 no answer: the target could not be read, or there is nothing to match with`,
    )
    .action((name: string, flags: Flags) => answer((answering) => scan(name, flags, answering)));
};

const scan = async (name: string, flags: Flags, answering: Answering): Promise<void> => {
  const { progress } = answering;
  const destinations = parseDestinations(destinationsOf(flags));
  const options = await readScanOptions(flags, Date.now());
  const upload = await readUploadTarget(flags);
  if (upload !== undefined && flags.offline === true)
    throw new AppError('usage', 400, '--upload cannot be done with --offline.');
  const sbom = await sbomOf(name, flags, answering);
  const report = await match(sbom, flags, options, answering);
  progress.end();
  demandFindings(report, destinations, options);
  for (const { format, file } of destinations) {
    const text = format.write(report, {
      documentId: randomUUID(),
      toolVersion: programVersion,
      shownAtMost: flags.all === true ? Number.POSITIVE_INFINITY : shownAtMost,
    });
    await writeDocument(text, file);
  }
  for (const rule of options.narrowing.ignoring?.expired ?? [])
    progress.warn(`The ignore file’s entry ${describeRule(rule)} is over; what it set aside counts again.`);
  if (sbom.status === 'failed')
    throw new AppError('failed', 400, `Nothing could be read: ${sbom.problems[0]?.message}`);
  if (upload !== undefined) progress.warn(wordsOf(await uploadScan(sbom, upload, answering.signal), upload.consoleUrl));
  const reasons = reasonsToFail(report, options.failOn);
  for (const reason of reasons) progress.warn(`failed on ${reason}`);
  if (reasons.length > 0) process.exitCode = exitCodes.found;
};

/** E.g. `uploaded: 312 packages, 14 open findings: https://parapet.example/assets/…`. */
const wordsOf = (stored: UploadedScan, consoleUrl: string): string => {
  const findings =
    stored.findings === undefined
      ? 'not matched, for want of advisories about them'
      : `${stored.findings} open findings`;
  const beside = stored.outcome === 'kept-beside' ? '; sensors have read this image themselves, which goes before' : '';
  const message = stored.message === undefined ? '' : ` (${stored.message})`;
  return `uploaded: ${stored.packages} packages, ${findings}${beside}${message}: ${consoleUrl}/assets/${stored.asset.id}`;
};

const destinationsOf = ({ output, json }: Flags): readonly string[] => {
  const all = json === true ? ['json', ...output] : output;
  return all.length === 0 ? ['table'] : all;
};

const match = async (sbom: Sbom, flags: Flags, options: ScanOptions, { progress }: Answering): Promise<ScanReport> => {
  const path = flags.advisories ?? (await findAdvisories(flags.dataDir));
  const unmatched: ScanReport = { format: 'parapet-scan/1', sbom, setAside: [], filteredOut: 0, gaps: [] };
  if (path === undefined) return unmatched;
  progress.step('Matching with the advisories');
  const opened = openAdvisoryDatabase(path);
  if (!opened.ok) throw new AppError(opened.error.code, 400, opened.error.message);
  using database = opened.value;
  const found = findVulnerabilities(sbom, database, options.vex);
  const narrowed = narrowFindings(found.findings, options.narrowing);
  return {
    ...unmatched,
    advisories: { version: database.version, builtAt: database.builtAt },
    findings: [...narrowed.findings],
    setAside: [...found.setAside, ...narrowed.setAside],
    filteredOut: narrowed.filteredOut,
    gaps: [...found.gaps],
  };
};

/** A document that lists no findings because none were looked for would be a lie to whoever reads it. */
const demandFindings = (
  { findings }: ScanReport,
  destinations: readonly Destination[],
  { failOn }: ScanOptions,
): void => {
  const asking = failOn.length > 0 ? '--fail-on' : destinations.find(({ format }) => format.tellsFindings)?.format.name;
  if (findings !== undefined || asking === undefined) return;
  throw new AppError(
    'no-feeds',
    400,
    `There are no advisories to match with, so ${asking} could not be answered. Get them with ${programCall().here} feeds update on a running console, or name a database with --advisories FILE.`,
  );
};
