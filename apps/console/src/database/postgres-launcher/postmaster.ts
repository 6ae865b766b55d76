import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';

/** What a data folder says about its server, checked against the processes that are really there. */
export type PostmasterState =
  | { readonly kind: 'none' }
  | { readonly kind: 'running'; readonly pid: number; readonly socketDir: string; readonly port: number }
  /** A dying server: a zombie postmaster, or backends that outlived theirs. Wait for it. */
  | { readonly kind: 'leaving' }
  /** The file names a process that is gone or is something else, and nothing uses the folder any more. */
  | { readonly kind: 'stale'; readonly file: string };

/** Reads `postmaster.pid` and looks at the process it names. */
export const inspectPostmaster = async (dataDir: string): Promise<PostmasterState> => {
  const file = join(dataDir, 'postmaster.pid');
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  // A file that is still being written has fewer lines; its server is on its way.
  if (lines.length === 1 && lines[0] === '') return (await isInUse(dataDir)) ? { kind: 'leaving' } : { kind: 'none' };
  if (!Number.isInteger(pid) || pid <= 1) return { kind: 'leaving' };
  const state = await processState(pid);
  if (state === 'zombie') return { kind: 'leaving' };
  const worksHere = state === 'alive' && (await worksIn(pid, dataDir));
  if (worksHere) return { kind: 'running', pid, port: Number(lines[3] ?? 5432), socketDir: lines[4] ?? '' };
  return (await isInUse(dataDir)) ? { kind: 'leaving' } : { kind: 'stale', file };
};

/** Whether a process exists and is no zombie. */
export const isAlive = async (pid: number): Promise<boolean> => (await processState(pid)) === 'alive';

const processState = async (pid: number): Promise<'alive' | 'zombie' | 'gone'> => {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  if (line === '') return 'gone';
  // The name in parentheses may hold anything, so the state is what follows the last one.
  const state = line.slice(line.lastIndexOf(')') + 2, line.lastIndexOf(')') + 3);
  return state === 'Z' || state === 'X' ? 'zombie' : 'alive';
};

/** Every PostgreSQL process works in its data folder, which tells it from a stranger that got the same pid. */
const worksIn = async (pid: number, dataDir: string): Promise<boolean> => {
  try {
    return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(dataDir));
  } catch {
    return false;
  }
};

const isInUse = async (dataDir: string): Promise<boolean> => {
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const pid = Number(entry);
    if (pid !== process.pid && (await worksIn(pid, dataDir))) return true;
  }
  return false;
};
