import { prepareMachine } from './test/machine.ts';
import { runSteps } from './test/steps.ts';
import { summarise } from './test/summary.ts';

/**
 * Everything: types, lint, unit, integration and browser tests. As root on Debian it installs what is missing and starts a
 * private Docker daemon; elsewhere those parts are left out and counted. Arguments limit it to named steps.
 */
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
await using machine = await prepareMachine(say);
const results = await runSteps({ say, env: machine.env, only: process.argv.slice(2) });
process.exitCode = summarise(results, machine.notes, say);
