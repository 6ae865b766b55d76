import { spawn } from 'node:child_process';
import { dirname } from 'node:path';

export const root = dirname(dirname(import.meta.dirname));

/** Where the output of a step goes: straight out, or whole when the step is over, so that two at a time stay readable. */
export type Output = 'live' | 'afterwards';

/** Runs our Node with these arguments in the root of the checkout; returns the exit code, 1 when it was killed. */
export const runNode = (
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  output: Output,
): Promise<number> =>
  new Promise((resolve) => {
    const isLive = output === 'live';
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...argv], {
      cwd: root,
      stdio: isLive ? ['ignore', 'inherit', 'inherit'] : ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
    });
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', () => resolve(1));
    child.on('close', (code) => {
      process.stdout.write(Buffer.concat(chunks));
      resolve(code ?? 1);
    });
  });
