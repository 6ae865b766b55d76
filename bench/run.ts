import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { arch, cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { endChildrenOnSignals } from './stopping/end-children.ts';

/** A bench file exports `run`, which measures and returns named figures; the name ends in its unit (`...Ms`, `...Mb`, `...PerSecond`). */
export type Bench = { readonly run: (args: readonly string[]) => Promise<Readonly<Record<string, number | string>>> };

const names = (await readdir(import.meta.dirname))
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -3));
const [name, ...args] = process.argv.slice(2);

if (name === undefined || !names.includes(name) || !existsSync(join(import.meta.dirname, `${name}.ts`))) {
  process.stderr.write(`usage: npm run bench -- NAME\nnames: ${names.sort().join(', ')}\n`);
  process.exitCode = 2;
} else {
  const bench = (await import(`./${name}.ts`)) as Bench;
  const { isStopping } = endChildrenOnSignals();
  const figures = await bench.run(args).catch((error: unknown) => {
    if (!isStopping()) throw error;
    return new Promise<never>(() => {});
  });
  if (isStopping()) await new Promise<never>(() => {});
  process.stdout.write(`${JSON.stringify({ name, figures, machine: describeMachine() }, undefined, 2)}\n`);
  process.exit();
}

function describeMachine(): Record<string, string | number> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    architecture: arch(),
    node: process.version,
  };
}
