import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StepResult } from './result.ts';
import { type Output, root, runNode } from './run-node.ts';
import { runSuite, secondsSince } from './suite.ts';

type Env = Readonly<Record<string, string>>;

type Step = { readonly name: string; readonly run: (env: Env, output: Output) => Promise<StepResult> };

const program = (name: string, script: string, ...args: readonly string[]): Step => ({
  name,
  run: async (_, output) => {
    const startedAt = performance.now();
    const ok = (await runNode([join(root, script), ...args], {}, output)) === 0;
    const counts = { passed: ok ? 1 : 0, failed: ok ? 0 : 1, leftOut: new Map(), failures: [] };
    return { name, ok, seconds: secondsSince(startedAt), ...counts };
  },
});

const suite = (name: string, files?: readonly string[], project = name): Step => ({
  name,
  run: async (env, output) => ({
    ...(await runSuite(project, { env, output, ...(files === undefined ? {} : { files }) })),
    name,
  }),
});

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

const tsc = 'node_modules/typescript/bin/tsc';
const checks: readonly Step[] = [
  program('types', tsc, '--noEmit', '-p', 'tsconfig.json'),
  program('types of the web app', tsc, '--noEmit', '-p', 'apps/web/tsconfig.json'),
  program('lint and import rules', 'node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'),
];

/** What the steps named here would else each make, at the same moment in the same folder. */
const build = program('build', 'tools/build.ts');
const onBuild: readonly string[] = ['product', 'browser'];

/**
 * Run side by side: one computes and talks to stores, two mostly wait, for the kernel and Docker or for whole products. What needs
 * a thing of which a host has one (audit, a container of a fixed name) is in one lane only.
 */
const lanes: readonly (readonly Step[])[] = [
  [suite('unit'), suite('integration'), oldestPostgres],
  [suite('machine', ['apps/', 'packages/']), suite('browser')],
  [suite('product', ['tests/'], 'machine')],
];

/** Steps by name. */
export const stepNames: readonly string[] = [...checks, build, ...lanes.flat()].map(({ name }) => name);

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
  const [first, ...others] = lanes.map(wanted).filter((steps) => steps.length > 0);
  const needsBuild = [...(first ?? []), ...others.flat()].some(({ name }) => onBuild.includes(name));
  await Promise.all([runLane(wanted(checks), 'live'), runLane(needsBuild ? [build] : wanted([build]), 'afterwards')]);
  await Promise.all([runLane(first ?? [], 'live'), ...others.map((steps) => runLane(steps, 'afterwards'))]);
  return results;
};
