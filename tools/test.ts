import { prepareMachine } from './test/machine.ts';
import { makeSharedDir } from './test/shared-dir.ts';
import { runSteps, stepNames } from './test/steps.ts';
import { summarise } from './test/summary.ts';

/**
 * Everything: types, lint, unit, integration and browser tests. As root on Debian it installs what is missing and starts a
 * private Docker daemon; elsewhere those parts are left out and counted. Arguments limit it to named steps.
 */
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
await using shared = await makeSharedDir();
await using machine = await prepareMachine(say);
const results = await runSteps({
  say,
  env: { ...machine.env, ...shared.env },
  only: process.argv.slice(2),
});
if (results.length === 0) {
  say(`There is no step ${process.argv.slice(2).join(', ')}. The steps are ${stepNames.join(', ')}.`);
  process.exitCode = 2;
} else process.exitCode = summarise(results, machine.notes, say);
