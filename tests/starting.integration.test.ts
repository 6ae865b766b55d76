import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execArgv } from '@parapet/core';
import { eventually } from '@parapet/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../tools/build.ts';
import { freePort, makeDataDir, type RunningParapet, removeDataDir, startParapet } from './support/parapet.ts';

process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';

let dataDir = '';
let running: RunningParapet | undefined;
beforeEach(async () => {
  dataDir = await makeDataDir();
});
afterEach(async () => {
  await running?.stop();
  running = undefined;
  await removeDataDir(dataDir);
});

/** Where the sensor is not what it is about: a scan of this machine takes as long as all the rest. */
const consoleAlone = ['--no-sensor'];

const answers = async (url: string): Promise<boolean> => (await fetch(`${url}/readyz`)).ok;

const cli = (...args: readonly string[]) =>
  execArgv([process.execPath, join(root, 'build/cli.js'), ...args], {
    env: { ...process.env, PARAPET_PROGRAM_DIR: join(root, 'build') },
    timeoutMs: 180_000,
  });

describe('starting', () => {
  it('greets with address, one-time link and data folder, stops cleanly and finds everything again', async () => {
    running = await startParapet({ dataDir });
    expect(await answers(running.url)).toBe(true);
    expect(running.output()).toContain(running.url);
    expect(running.output()).toContain(dataDir);
    const secret = new URL(running.adminLink() ?? '').hash.slice(1);
    const made = await fetch(`${running.url}/api/v1/links/use`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: running.url },
      body: JSON.stringify({ secret, username: 'ada', password: 'a long enough password' }),
    });
    expect(made.status).toBe(200);
    expect(await running.stop()).toBe(0);
    expect(running.output()).toContain('Everything is kept');

    running = await startParapet({ dataDir });
    expect(running.adminLink()).toBeUndefined();
    const signedIn = await fetch(`${running.url}/api/v1/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: running.url },
      body: JSON.stringify({ username: 'ada', password: 'a long enough password' }),
    });
    expect(signedIn.status).toBe(200);
  });

  it('stops in order though a terminal’s Ctrl-C arrives several times', async () => {
    running = await startParapet({ dataDir });
    for (let i = 0; i < 3; i += 1) process.kill(running.pid, 'SIGINT');
    expect(await running.exited).toBe(0);
    expect(running.output()).toContain('Everything is kept');
    running = undefined;
  });

  it('names a busy port and what to do', async () => {
    const port = await freePort();
    const other = createServer().listen(port);
    const outcome = await cli('up', '--data-dir', dataDir, '--port', String(port));
    other.close();
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain(`Port ${port} is used by another program`);
    expect(outcome.stderr).toContain('--port');
    expect(outcome.stderr).not.toContain('    at ');
  });

  it('refuses a data folder that another console uses', async () => {
    running = await startParapet({ dataDir, args: consoleAlone });
    const outcome = await cli('up', '--data-dir', dataDir, '--port', String(await freePort()));
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toMatch(/Another Parapet console/);
    expect(outcome.stderr).not.toContain('    at ');
    expect(await answers(running.url)).toBe(true);
  });

  it('refuses a data folder of a newer version and names it', async () => {
    running = await startParapet({ dataDir, args: consoleAlone });
    await running.stop();
    running = undefined;
    const file = join(dataDir, 'console', 'version.json');
    const written = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...written, format: 999, version: '9.9.9' }));
    const outcome = await cli('up', '--data-dir', dataDir, '--port', String(await freePort()));
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toContain('9.9.9');
  });

  it('survives kill -9 of everything and starts again on the same folder', async () => {
    running = await startParapet({ dataDir });
    const consolePid = await running.pidOf('console');
    process.kill(consolePid ?? 0, 'SIGKILL');
    process.kill(running.pid, 'SIGKILL');
    await running.exited;
    running = await startParapet({ dataDir });
    expect(await answers(running.url)).toBe(true);
  });

  it('starts a killed console again by itself', async () => {
    running = await startParapet({ dataDir, args: consoleAlone });
    const { url } = running;
    process.kill((await running.pidOf('console')) ?? 0, 'SIGKILL');
    await eventually('an answer of the new console', async () => answers(url).catch(() => false));
    expect(running.output()).toContain('The console ended (SIGKILL) and is started again');
  });
});

describe('the command line', () => {
  it('says so when no console runs', async () => {
    const outcome = await cli('status', '--data-dir', dataDir);
    expect(outcome.exitCode).toBe(3);
    expect(outcome.stderr).toContain('No console runs on the data folder');
  });

  it('makes a new link for the first admin while there is none', async () => {
    running = await startParapet({ dataDir, args: consoleAlone });
    const outcome = await cli('admin', 'link', '--json', '--data-dir', dataDir);
    expect(outcome.exitCode).toBe(0);
    const answer = JSON.parse(outcome.stdout) as { url: string; purpose: string };
    expect(answer.purpose).toBe('first-admin');
    expect(answer.url).not.toBe(running.adminLink());
  });

  it.each([
    [['nonsense'], 2],
    [['up', '--port', 'x'], 2],
    [['--help'], 0],
    [['version', '--json'], 0],
  ])('%j exits with %d', async (args, code) => {
    expect((await cli(...args)).exitCode).toBe(code);
  });
});
