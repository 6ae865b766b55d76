import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StepResult } from './result.ts';
import { type Output, root, runNode } from './run-node.ts';
import { runSuite, secondsSince } from './suite.ts';

type Env = Readonly<Record<string, string>>;

type Step = { readonly name: string; readonly run: (env: Env, output: Output) => Promise<StepResult> };

const check = (name: string, ...argv: readonly [string, ...string[]]): Step => ({
  name,
  run: async (_, output) => {
    const startedAt = performance.now();
    const [script, ...rest] = argv;
    const ok = (await runNode([join(root, 'node_modules', script), ...rest], {}, output)) === 0;
    const counts = { passed: ok ? 1 : 0, failed: ok ? 0 : 1, leftOut: new Map(), failures: [] };
    return { name, ok, seconds: secondsSince(startedAt), ...counts };
  },
});

const suite = (name: string): Step => ({ name, run: (env, output) => runSuite(name, { env, output }) });

/** Suites of the stores, once more on the machine's own PostgreSQL: on Debian 12 the oldest that is supported. */
const oldestPostgres: Step = {
  name: 'oldest PostgreSQL',
  run: async (env, output) => {
    const { name } = oldestPostgres;
    const files = [
      'apps/console/src/database/migrate.integration.test.ts',
      'apps/console/src/ingest/apply-batch.integration.test.ts',
      'apps/console/src/ingest/edges/edges.integration.test.ts',
      'apps/console/src/findings/identity.integration.test.ts',
      'apps/console/src/findings/reading-findings.integration.test.ts',
      'apps/console/src/testing/released/released.integration.test.ts',
    ];
    if (existsSync('/usr/lib/postgresql')) {
      const ownServer = { ...env, PARAPET_TEST_POSTGRES: 'system' };
      return { ...(await runSuite('integration', { env: ownServer, output, files })), name };
    }
    const leftOut = new Map([['needs a PostgreSQL of the machine, 15 or newer', files.length]]);
    return { name, ok: true, seconds: 0, passed: 0, failed: 0, leftOut, failures: [] };
  },
};

const checks: readonly Step[] = [
  check('types', 'typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json'),
  check('types of the web app', 'typescript/bin/tsc', '--noEmit', '-p', 'apps/web/tsconfig.json'),
  check('lint and import rules', '@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'),
];

/** Run side by side: one computes and talks to stores, the other mostly waits for the machine, whose steps need it for themselves. */
const lanes = {
  stores: [suite('unit'), suite('integration'), oldestPostgres],
  machine: [suite('machine'), suite('browser')],
} as const;

/** Steps by name. */
export const stepNames: readonly string[] = [...checks, ...lanes.stores, ...lanes.machine].map(({ name }) => name);

export const runSteps = async (deps: {
  say: (text: string) => void;
  env: Env;
  only: readonly string[];
}): Promise<StepResult[]> => {
  const results: StepResult[] = [];
  const wanted = (steps: readonly Step[]): readonly Step[] =>
    steps.filter(({ name }) => deps.only.length === 0 || deps.only.some((word) => name.startsWith(word)));
  const runLane = async (steps: readonly Step[], output: Output): Promise<void> => {
    for (const step of steps) {
      deps.say(`\n== ${step.name}`);
      results.push(await step.run(deps.env, output));
    }
  };
  await runLane(wanted(checks), 'live');
  const stores = wanted(lanes.stores);
  await Promise.all([
    runLane(stores, 'live'),
    runLane(wanted(lanes.machine), stores.length === 0 ? 'live' : 'afterwards'),
  ]);
  return results;
};
