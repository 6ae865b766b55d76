import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { FleetSettings, FleetStatus } from '@parapet/sensor/fleet';

/** A process of simulated sensors beside a console; it ends when this process does. */
export type FleetChild = {
  /** Called with each status, about once a second. */
  readonly onStatus: (listener: (status: FleetStatus) => void) => void;
  /** Resolves with a sentence when it ended unasked. */
  readonly ended: Promise<string>;
  /** Ends it without a word, as a host that loses power. */
  readonly kill: () => void;
  readonly stop: (patienceMs: number) => Promise<void>;
};

export const startFleetChild = (programDir: string, settings: Record<string, unknown>): FleetChild => {
  const checked = FleetSettings.parse(settings);
  const script = join(programDir, 'fleet.js');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, JSON.stringify(checked)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {},
    cwd: '/',
    // A terminal's Ctrl-C is acted on by this process, in order.
    detached: true,
  });
  let listener: (status: FleetStatus) => void = () => undefined;
  let asked = false;
  const ended = new Promise<string>((resolve) => {
    child.on('exit', (code, signal) => {
      if (!asked) resolve(`The simulated fleet ended (${signal ?? `exit code ${code}`}).`);
    });
    child.on('error', (error) => resolve(`The simulated fleet could not be started: ${error.message}`));
  });
  child.on('message', (raw) => {
    const status = FleetStatus.safeParse(raw);
    if (status.success) listener(status.data);
  });
  return {
    ended,
    onStatus: (callback) => {
      listener = callback;
    },
    kill: () => {
      asked = true;
      child.kill('SIGKILL');
    },
    stop: async (patienceMs) => {
      asked = true;
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await exited;
      clearTimeout(timer);
    },
  };
};
