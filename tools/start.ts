import { join } from 'node:path';
import { ensureBuilt, root } from './build.ts';

/** Builds what changed, then becomes the built command line, so that no waiting process stays behind. */
await ensureBuilt((text) => process.stderr.write(`parapet: ${text}\n`));
const program = join(root, 'build', 'cli.js');
const args = [
  process.execPath,
  '--disable-warning=ExperimentalWarning',
  '--max-semi-space-size=1',
  program,
  ...process.argv.slice(2),
];
if (process.execve === undefined) throw new Error('This Node cannot replace its process.');
process.execve(process.execPath, args, { ...process.env, PARAPET_PROGRAM_DIR: join(root, 'build') });
