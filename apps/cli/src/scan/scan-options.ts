import type { VexDocument } from '@parapet/advisories';
import { parseVex } from '@parapet/advisories';
import { ScanReport, type ScanSeverity } from '@parapet/contract';
import { AppError, type Problem, parseJson, type Result, readFileBounded } from '@parapet/core';
import { type FailCondition, failOnForms, parseFailOn } from './narrow/fail-on.ts';
import { createIgnoring, type Ignoring, parseIgnoreFile } from './narrow/ignore-file.ts';
import { baselineOf, type Narrowing } from './narrow/narrow.ts';
import { scanSeverities } from './vulnerabilities.ts';

/** As the command line has them. */
export type ScanFlags = {
  readonly scanners: string;
  readonly severity?: string;
  readonly risk?: string;
  readonly failOn?: string;
  readonly onlyFixed?: boolean;
  readonly baseline?: string;
  readonly ignoreFile?: string;
  readonly vex: readonly string[];
};

export type ScanOptions = {
  readonly narrowing: Narrowing;
  readonly vex: readonly VexDocument[];
  readonly failOn: readonly FailCondition[];
};

const maxIgnoreBytes = 1024 * 1024;
const maxVexBytes = 32 * 1024 * 1024;
/** A scan of 100,000 packages has some hundred megabytes. */
export const maxReportBytes = 512 * 1024 * 1024;

/** Reads and checks everything that options name before anything is scanned. Throws AppError `usage`. */
export const readScanOptions = async (flags: ScanFlags, nowMs: number): Promise<ScanOptions> => {
  checkScanners(flags.scanners);
  const failOn = flags.failOn === undefined ? [] : demand(parseFailOn(flags.failOn));
  const vex: VexDocument[] = [];
  for (const path of flags.vex) vex.push(demand(parseVex(await textOf(path, maxVexBytes)), path));
  return {
    failOn,
    vex,
    narrowing: {
      severity: severityOf(flags.severity),
      likelihood: likelihoodOf(flags.risk),
      onlyFixed: flags.onlyFixed === true,
      ignoring: await ignoringOf(flags.ignoreFile, nowMs),
      baseline: flags.baseline === undefined ? undefined : baselineOf(await readReport(flags.baseline)),
    },
  };
};

/** Reads what `parapet scan -o json` wrote. Throws AppError `usage`. */
export const readReport = async (path: string): Promise<ScanReport> =>
  demand(parseJson(await textOf(path, maxReportBytes), ScanReport), path);

const checkScanners = (text: string): void => {
  const others = text.split(',').filter((name) => name !== 'vuln');
  if (others.length > 0)
    throw new AppError(
      'usage',
      400,
      `--scanners ${others.join(',')}: only vuln is there yet; secrets, malware, configuration and licences are not.`,
    );
};

const severityOf = (text: string | undefined): ScanSeverity | undefined => {
  const severity = scanSeverities.find((one) => one === text);
  if (text !== undefined && severity === undefined)
    throw new AppError('usage', 400, `--severity takes one of ${scanSeverities.join(', ')}.`);
  return severity;
};

const likelihoodOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  if (!/^(?:0(?:\.\d+)?|1(?:\.0+)?)$/.test(text))
    throw new AppError('usage', 400, '--risk takes a likelihood from 0 to 1, e.g. 0.5.');
  return Number(text);
};

const ignoringOf = async (path: string | undefined, nowMs: number): Promise<Ignoring | undefined> =>
  path === undefined
    ? undefined
    : createIgnoring(demand(parseIgnoreFile(await textOf(path, maxIgnoreBytes)), path), nowMs);

const textOf = async (path: string, maxBytes: number): Promise<string> =>
  demand(await readFileBounded(path, maxBytes)).toString('utf8');

const demand = <T>(result: Result<T, Problem>, path?: string): T => {
  if (result.ok) return result.value;
  const { message, at } = result.error;
  throw new AppError(
    'usage',
    400,
    `${path === undefined ? '' : `${path}: `}${message}${at === undefined ? '' : ` (${at})`}`,
  );
};

export { failOnForms };
