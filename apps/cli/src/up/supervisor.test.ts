import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@parapet/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChildSpec } from './child.ts';
import { supervise } from './supervisor.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parapet-supervisor-'));
});
afterAll(() => rm(dir, { recursive: true }));

/** A child whose body runs in a real process; `runs` counts its starts. */
const child = async (name: string, body: string): Promise<ChildSpec & { runs: () => Promise<number> }> => {
  const script = join(dir, `${name}.mjs`);
  const counter = join(dir, `${name}.runs`);
  await writeFile(
    script,
    `import { appendFileSync } from 'node:fs';\nappendFileSync(${JSON.stringify(counter)}, 'x');\n${body}`,
  );
  return {
    name: 'console',
    node: process.execPath,
    nodeFlags: [],
    script,
    args: [],
    env: {},
    runs: async () => (await readFile(counter, 'utf8').catch(() => '')).length,
  };
};

const quiet = { onMessage: () => undefined, onRestart: () => undefined };

describe('supervise', () => {
  it('gives the addresses of a child that became ready and stops it', async () => {
    const spec = await child(
      'good',
      "process.on('SIGTERM', () => process.exit(0)); process.send({ kind: 'ready', addresses: ['https://a'] }); setInterval(() => {}, 1000);",
    );
    const running = supervise(spec, quiet);
    expect(await running.ready).toEqual(['https://a']);
    await running.stop(10_000);
    expect(await spec.runs()).toBe(1);
  });

  it('passes on the sentence of a child that cannot start, and does not try in circles', async () => {
    const spec = await child(
      'busy',
      "process.send({ kind: 'failed', message: 'Port 8443 is taken.' }, () => process.exit(1));",
    );
    const running = supervise(spec, quiet);
    await expect(running.ready).rejects.toThrow('Port 8443 is taken.');
    expect(await running.givenUp).toContain('Port 8443 is taken.');
    expect(await spec.runs()).toBe(1);
  });

  it('shows the last words of a child that died without one', async () => {
    const spec = await child('mute', "console.error('Segmentation of the mind'); process.exit(3);");
    await expect(supervise(spec, quiet).ready).rejects.toThrow(/exit code 3[\s\S]*Segmentation of the mind/);
  });

  it('starts a killed child again and says so', async () => {
    const spec = await child('killed', "process.send({ kind: 'ready', addresses: [] }); setInterval(() => {}, 1000);");
    const restarts: string[] = [];
    const running = supervise(spec, { ...quiet, onRestart: (name, reason) => restarts.push(`${name} ${reason}`) });
    await running.ready;
    process.kill(running.pid() ?? 0, 'SIGKILL');
    await eventually('a second run', async () => (await spec.runs()) === 2);
    expect(restarts).toEqual(['console SIGKILL']);
    await running.stop(1000);
  });

  it('ends a child that does not listen', async () => {
    const spec = await child(
      'deaf',
      "process.on('SIGTERM', () => {}); process.send({ kind: 'ready', addresses: [] }); setInterval(() => {}, 1000);",
    );
    const running = supervise(spec, quiet);
    await running.ready;
    await running.stop(100);
    expect(() => process.kill(running.pid() ?? 0, 0)).toThrow('ESRCH');
  });

  it('does not start it again once its folder is gone, and names the folder', async () => {
    const folder = join(dir, 'its-folder');
    await mkdir(folder);
    const spec = await child(
      'homeless',
      "process.send({ kind: 'ready', addresses: [] }); setInterval(() => {}, 1000);",
    );
    const running = supervise({ ...spec, folders: [dir, folder] }, quiet);
    await running.ready;
    await rm(folder, { recursive: true });
    process.kill(running.pid() ?? 0, 'SIGKILL');
    expect(await running.givenUp).toContain(`its folder ${folder} is no longer there`);
    expect(await spec.runs()).toBe(1);
  });

  it('says why there is no process at all', async () => {
    const node = join(dir, 'node-that-goes');
    await symlink(process.execPath, node);
    const spec = await child('gone', "process.send({ kind: 'ready', addresses: [] }); setInterval(() => {}, 1000);");
    const reasons: string[] = [];
    const running = supervise({ ...spec, node }, { ...quiet, onRestart: (_, reason) => reasons.push(reason) });
    await running.ready;
    await rm(node);
    process.kill(running.pid() ?? 0, 'SIGKILL');
    await eventually('a second try', async () => reasons.length > 1);
    await running.stop(10_000);
    expect(reasons.slice(0, 2)).toEqual(['SIGKILL', expect.stringContaining('ENOENT')]);
  });
});
