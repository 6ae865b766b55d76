import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

const root = dirname(dirname(import.meta.dirname));
const modules = join(root, 'node_modules');

export type StepResult = {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly passed: number;
  readonly failed: number;
  /** Tests left out, by reason. */
  readonly leftOut: ReadonlyMap<string, number>;
  /** What failed, with the first words of why: a log that is cut to its end still says it. */
  readonly failures: readonly Failure[];
};

export type Failure = { readonly file: string; readonly test: string; readonly why: string };

const checks: readonly { name: string; argv: readonly string[] }[] = [
  { name: 'types', argv: ['typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'types of the web app', argv: ['typescript/bin/tsc', '--noEmit', '-p', 'apps/web/tsconfig.json'] },
  { name: 'lint and import rules', argv: ['@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'] },
];
const suites = ['unit', 'integration', 'browser'] as const;

/** Suites of the stores that are run once more on the machine's own PostgreSQL: on Debian 12 the oldest that is supported. */
const oldestPostgres = {
  name: 'oldest PostgreSQL',
  needs: '/usr/lib/postgresql',
  files: [
    'apps/console/src/database/migrate.integration.test.ts',
    'apps/console/src/ingest/apply-batch.integration.test.ts',
    'apps/console/src/ingest/edges/edges.integration.test.ts',
    'apps/console/src/findings/identity.integration.test.ts',
    'apps/console/src/findings/reading-findings.integration.test.ts',
    'apps/console/src/testing/released/released.integration.test.ts',
  ],
} as const;

/** Steps by name, in the order they run. */
export const stepNames: readonly string[] = [...checks.map(({ name }) => name), ...suites, oldestPostgres.name];

export const runSteps = async (deps: {
  say: (text: string) => void;
  env: Readonly<Record<string, string>>;
  only: readonly string[];
}): Promise<StepResult[]> => {
  const results: StepResult[] = [];
  const wanted = (name: string): boolean => deps.only.length === 0 || deps.only.some((word) => name.startsWith(word));
  for (const check of checks.filter(({ name }) => wanted(name))) {
    deps.say(`\n== ${check.name}`);
    const startedAt = performance.now();
    const code = await run([join(modules, check.argv[0] ?? ''), ...check.argv.slice(1)], {});
    results.push({
      name: check.name,
      ok: code === 0,
      seconds: secondsSince(startedAt),
      passed: code === 0 ? 1 : 0,
      failed: code === 0 ? 0 : 1,
      leftOut: new Map(),
      failures: [],
    });
  }
  for (const suite of suites.filter(wanted)) {
    deps.say(`\n== ${suite} tests`);
    results.push(await runSuite(suite, deps.env));
  }
  if (wanted(oldestPostgres.name)) {
    deps.say(`\n== ${oldestPostgres.name}`);
    results.push(await runOnOldestPostgres(deps.env));
  }
  return results;
};

const runOnOldestPostgres = async (env: Readonly<Record<string, string>>): Promise<StepResult> => {
  const { name, needs, files } = oldestPostgres;
  if (existsSync(needs)) {
    return { ...(await runSuite('integration', { ...env, PARAPET_TEST_POSTGRES: 'system' }, files)), name };
  }
  const leftOut = new Map([['needs a PostgreSQL of the machine, 15 or newer', files.length]]);
  return { name, ok: true, seconds: 0, passed: 0, failed: 0, leftOut, failures: [] };
};

const runSuite = async (
  suite: string,
  env: Readonly<Record<string, string>>,
  files: readonly string[] = [],
): Promise<StepResult> => {
  const dir = await mkdtemp(join(tmpdir(), 'parapet-results-'));
  const report = join(dir, 'report.json');
  const startedAt = performance.now();
  const code = await run(
    [
      join(modules, 'vitest/vitest.mjs'),
      'run',
      ...files,
      '--project',
      suite,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
      '--passWithNoTests',
    ],
    env,
  );
  const { tests, failures } = await readReport(report);
  await rm(dir, { recursive: true, force: true });
  const failed = tests.filter((test) => test.status === 'failed').length;
  return {
    name: suite,
    ok: code === 0,
    seconds: secondsSince(startedAt),
    passed: tests.filter((test) => test.status === 'passed').length,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    leftOut: countLeftOut(tests),
    failures,
  };
};

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

const run = (argv: readonly string[], env: Readonly<Record<string, string>>): Promise<number> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...argv], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    });
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });

const secondsSince = (startedAt: number): number => Math.round((performance.now() - startedAt) / 100) / 10;
