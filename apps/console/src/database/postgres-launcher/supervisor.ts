import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@parapet/core';
import type { PostgresEvent } from './options.ts';
import { isAlive } from './postmaster.ts';
import type { Server } from './server.ts';

/** Watches the server's process, also an adopted one that is no child of ours, and starts it again when it ends. */
export const supervise = (
  first: Server,
  launch: () => Promise<Server>,
  onEvent: (event: PostgresEvent) => void,
): { server: () => Server; stop: () => Promise<void> } => {
  let server = first;
  const stopping = new AbortController();
  const watch = async (): Promise<void> => {
    let failures = 0;
    while (!stopping.signal.aborted) {
      await sleep(Math.min(500 * 2 ** failures, 15_000), undefined, { signal: stopping.signal, ref: false });
      if (await isAlive(server.pid)) continue;
      if (failures === 0) onEvent({ kind: 'ended' });
      try {
        server = await launch();
        failures = 0;
        onEvent({ kind: 'restarted', socketDir: server.socketDir });
      } catch (error) {
        failures = Math.min(failures + 1, 6);
        onEvent({ kind: 'restart-failed', message: messageOf(error) });
      }
    }
  };
  // It only ever ends by being told to stop.
  const watching = watch().catch(() => undefined);
  return {
    server: () => server,
    stop: async () => {
      stopping.abort();
      await watching;
      await stopServer(server.pid);
    },
  };
};

const stopMs = 30_000;

/** Fast shutdown; an immediate one (recovery at the next start, nothing committed is lost) when that hangs. */
const stopServer = async (pid: number): Promise<void> => {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    const deadline = Date.now() + stopMs;
    while (Date.now() < deadline) {
      if (!(await isAlive(pid))) return;
      await sleep(5);
    }
  }
};
