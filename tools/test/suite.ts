import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Failure, StepResult } from './result.ts';
import { type Output, root, runNode } from './run-node.ts';

/** Runs one project of vitest, or only these files of it, and reads its report. */
export const runSuite = async (
  project: string,
  options: {
    readonly env: Readonly<Record<string, string>>;
    readonly output: Output;
    readonly files?: readonly string[];
  },
): Promise<StepResult> => {
  const dir = await mkdtemp(join(tmpdir(), 'parapet-results-'));
  const report = join(dir, 'report.json');
  const startedAt = performance.now();
  const code = await runNode(
    [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      ...(options.files ?? []),
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      '--passWithNoTests',
    ],
    options.env,
    options.output,
  );
  const { tests, failures } = await readReport(report);
  await rm(dir, { recursive: true, force: true });
  const failed = tests.filter((test) => test.status === 'failed').length;
  return {
    name: project,
    ok: code === 0,
    seconds: secondsSince(startedAt),
    passed: tests.filter((test) => test.status === 'passed').length,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    leftOut: countLeftOut(tests),
    failures,
  };
};

export const secondsSince = (startedAt: number): number => Math.round((performance.now() - startedAt) / 100) / 10;

type Test = { readonly status: string; readonly titles: readonly string[] };

type FileReport = {
  readonly name: string;
  readonly status: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly status: string;
    readonly title: string;
    readonly ancestorTitles: readonly string[];
    readonly failureMessages: readonly string[];
  }[];
};

const readReport = async (path: string): Promise<{ tests: Test[]; failures: Failure[] }> => {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return { tests: [], failures: [] };
  const { testResults } = JSON.parse(text) as { testResults: readonly FileReport[] };
  const tests = testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ status, title, ancestorTitles }) => ({ status, titles: [...ancestorTitles, title] })),
  );
  return { tests, failures: testResults.flatMap(failuresOf) };
};

/** The failed tests of a file; a file that failed outside of its tests is one of its own. */
const failuresOf = (report: FileReport): Failure[] => {
  const file = relative(root, report.name);
  const failed = report.assertionResults.filter(({ status }) => status === 'failed');
  if (failed.length === 0 && report.status === 'failed') {
    return [{ file, test: 'the file itself', why: firstLine(report.message) }];
  }
  return failed.map(({ ancestorTitles, title, failureMessages }) => ({
    file,
    test: [...ancestorTitles, title].join(' > '),
    why: firstLine(failureMessages[0] ?? ''),
  }));
};

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').slice(0, 300);

const countLeftOut = (tests: readonly Test[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const test of tests.filter(({ status }) => status !== 'passed' && status !== 'failed')) {
    const reason =
      /\[left out: ([^\]]+)\]/.exec(test.titles.join(' '))?.[1] ?? `no reason given: ${test.titles.join(' > ')}`;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return counts;
};
