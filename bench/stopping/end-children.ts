import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { readStat } from '../../apps/sensor/src/proc/process-files.ts';

/**
 * Ends what a bench started when somebody stops it, and then this process. Whatever started them, however: all that is below this process
 * is asked to end from the top down, as a console ends its database itself, and killed when it has not half a minute later. A second signal
 * ends this process at once.
 */
export const endChildrenOnSignals = (): { readonly isStopping: () => boolean } => {
  let isStopping = false;
  const stop = (signal: keyof typeof exitCodes): void => {
    if (isStopping) process.exit(exitCodes[signal]);
    isStopping = true;
    // What the bench was doing fails now, and that is no news.
    process.on('uncaughtException', () => {});
    process.stderr.write('Stopping what the bench started. Folders below the temporary one stay.\n');
    void endChildren().finally(() => process.exit(exitCodes[signal]));
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);
  return { isStopping: () => isStopping };
};

/** As shells have it: 128 and the number of the signal. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;
const patienceMs = 30_000;

const endChildren = async (): Promise<void> => {
  const until = performance.now() + patienceMs;
  const all = new Map<number, number>();
  const asked = new Set<number>();
  while (performance.now() < until) {
    // A bench that still runs may start more.
    const children = await childrenOf(process.pid);
    for (const pid of [...children, ...(await descendantsOf(children))]) {
      const startTicks = readStat('/proc', pid)?.startTicks;
      if (startTicks !== undefined) all.set(pid, startTicks);
    }
    for (const pid of children) if (!asked.has(pid)) send(pid, 'SIGTERM');
    for (const pid of children) asked.add(pid);
    if ([...all].every(isOver)) return;
    await sleep(100);
  }
  for (const entry of all) if (!isOver(entry)) send(entry[0], 'SIGKILL');
};

const childrenOf = async (pid: number): Promise<readonly number[]> => {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.split(' ').filter(Boolean).map(Number);
};

const descendantsOf = async (pids: readonly number[]): Promise<readonly number[]> => {
  const below = (await Promise.all(pids.map(childrenOf))).flat();
  return below.length === 0 ? [] : [...below, ...(await descendantsOf(below))];
};

/** A zombie is over too: whoever started it need not have asked yet. */
const isOver = ([pid, startTicks]: readonly [number, number]): boolean => {
  const stat = readStat('/proc', pid);
  return stat === undefined || stat.startTicks !== startTicks || stat.state === 'Z';
};

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself.
  }
};
