import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ensureBuilt, root } from './build.ts';

/** Builds what changed, then runs the built command line with the arguments of this process. */
await ensureBuilt((text) => process.stderr.write(`parapet: ${text}\n`));
const child = spawn(
  process.execPath,
  ['--disable-warning=ExperimentalWarning', join(root, 'build', 'cli.js'), ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    env: { ...process.env, PARAPET_PROGRAM_DIR: join(root, 'build') },
  },
);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
