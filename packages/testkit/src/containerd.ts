import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execArgv } from '@parapet/core';
import { eventually } from './wait.ts';

/** A containerd of its own, with nothing in it. */
export type TestContainerd = {
  /** Its store. */
  readonly root: string;
  /** Runs its command line; throws with its own words when that fails. Returns trimmed output. */
  readonly ctr: (...args: readonly string[]) => Promise<string>;
  readonly stop: () => Promise<void>;
};

/** Starts the machine's containerd on a store and a socket in a temporary folder. */
export const startContainerd = async (): Promise<TestContainerd> => {
  const folder = await mkdtemp(join(tmpdir(), 'parapet-containerd-'));
  await writeFile(
    join(folder, 'config.toml'),
    `version = 2\nroot = "${folder}/root"\nstate = "${folder}/state"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "${folder}/socket"\n`,
  );
  const daemon = spawn('containerd', ['--config', join(folder, 'config.toml'), '--log-level', 'error'], {
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  const ctr = async (...args: readonly string[]): Promise<string> => {
    const outcome = await execArgv(['ctr', '--address', join(folder, 'socket'), ...args], { timeoutMs: 120_000 });
    if (outcome.exitCode !== 0) throw new Error(`ctr ${args.join(' ')} failed: ${outcome.stderr.trim()}`);
    return outcome.stdout.trim();
  };
  await eventually('containerd answers', () => ctr('version'));
  return {
    root: join(folder, 'root'),
    ctr,
    stop: async () => {
      daemon.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
};
