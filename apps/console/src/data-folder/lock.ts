import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { AppError, parseJson } from '@parapet/core';
import { z } from 'zod';

export type Lock = { readonly release: () => Promise<void> };

const Owner = z.object({
  pid: z.number().int().positive(),
  /** Clock ticks between boot and the start of the process: tells it from a later one with the same pid. */
  startTicks: z.string(),
  bootId: z.string(),
  nonce: z.string(),
});
type Owner = z.infer<typeof Owner>;

/**
 * Takes the folder for this process. What a killed process left is recognised by its pid, start time and boot, and taken
 * over; one in another container, whose pids mean nothing here, is recognised by its control socket.
 */
export const takeLock = async (folder: string): Promise<Lock> => {
  const path = join(folder, 'lock');
  const mine: Owner = { ...(await describeProcess(process.pid)), nonce: randomUUID() };
  const draft = `${path}.${mine.nonce}`;
  await writeFile(draft, JSON.stringify(mine), { mode: 0o600 });
  try {
    // Bounded: each round either wins, meets a living owner or removes one stale lock.
    for (let round = 0; round < 20; round += 1) {
      if (await tryLink(draft, path)) return { release: () => release(path, mine) };
      const owner = await readOwner(path);
      if (owner !== undefined && (await isHeld(owner, folder))) throw busy(folder, owner);
      await removeStale(path, owner);
    }
    throw busy(folder, undefined);
  } finally {
    await rm(draft, { force: true });
  }
};

/** `link` is atomic and fails when the name exists, on network file systems too. */
const tryLink = async (draft: string, path: string): Promise<boolean> => {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
};

/** Moves the lock away first: of two that found it stale, only one removes it, and never one taken in between. */
const removeStale = async (path: string, seen: Owner | undefined): Promise<void> => {
  const aside = `${path}.stale.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await readOwner(aside);
  if (moved?.nonce !== seen?.nonce) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
};

const release = async (path: string, mine: Owner): Promise<void> => {
  if ((await readOwner(path))?.nonce === mine.nonce) await rm(path, { force: true });
};

const readOwner = async (path: string): Promise<Owner | undefined> => {
  const text = await readFile(path, 'utf8').catch(() => '');
  const parsed = parseJson(text, Owner);
  return parsed.ok ? parsed.value : undefined;
};

const isHeld = async (owner: Owner, folder: string): Promise<boolean> => {
  const now = await describeProcess(owner.pid).catch(() => undefined);
  if (now !== undefined && now.startTicks === owner.startTicks && now.bootId === owner.bootId) return true;
  return answers(join(folder, 'run', 'control.sock'));
};

const describeProcess = async (pid: number): Promise<Omit<Owner, 'nonce'>> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  // Field 22, counted after the name in parentheses, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A killed process stays a zombie until its parent asks for its exit code, and some first processes are slow to.
  if (fields[0] === 'Z' || fields[0] === 'X') throw new Error(`Process ${pid} has ended.`);
  return { pid, startTicks: fields[19] ?? '', bootId };
};

const answers = (socketPath: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(socketPath);
    const done = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
    socket.setTimeout(2_000, () => done(false));
  });

const busy = (folder: string, owner: Owner | undefined): AppError =>
  new AppError(
    'data-folder-busy',
    500,
    `Another Parapet console${owner === undefined ? '' : ` (process ${owner.pid})`} uses the data folder ${folder}. Stop it first, or give another folder with --data-dir.`,
  );
