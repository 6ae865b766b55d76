import { readFileSync } from 'node:fs';

type Environment = Readonly<Record<string, string>>;

/** The environment this process was started with, without what a settings file added: the next program reads that anew. */
export const startEnvironment = (): Environment => {
  const text = readFileSync('/proc/self/environ', 'utf8');
  const pairs = text.split('\0').flatMap((pair): [string, string][] => {
    const at = pair.indexOf('=');
    return at < 1 ? [] : [[pair.slice(0, at), pair.slice(at + 1)]];
  });
  return Object.fromEntries(pairs);
};

/** Becomes another program in the same process, so that whoever started this one still holds what it started. */
export const become = (argv: readonly [string, ...string[]], env: Environment): never => {
  if (process.execve === undefined) throw new Error('This Node cannot replace its process.');
  return process.execve(argv[0], [...argv], { ...env });
};

/** The command line of this process. */
export const ownCommand = (): readonly [string, ...string[]] => [
  process.execPath,
  ...process.execArgv,
  ...process.argv.slice(1),
];
