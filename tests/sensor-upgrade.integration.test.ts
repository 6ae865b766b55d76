import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, ok, problem } from '@parapet/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestConsole, type TestConsole } from '../apps/console/src/testing/test-console.ts';
import { bundleSensor, installSensor, packSensor, type SensorBuild } from './support/sensor-builds.ts';

const soon = { timeout: 180_000, interval: 100 };

/** A real console and a real sensor that does not become another version; that it does is seen in other-hosts. */
describe('an installed sensor whose upgrade fails', () => {
  let folder: string;
  let running: TestConsole;
  let headers: Readonly<Record<string, string>>;
  let program: string;
  let child: ChildProcess;
  let log = '';
  const builds = new Map<string, SensorBuild>();
  let offered: SensorBuild;

  const rootDir = (): string => join(folder, 'opt');
  const current = async (): Promise<string> => (await readlink(join(rootDir(), 'current'))).replace('versions/', '');
  const sensor = async () => (await running.send({ method: 'GET', url: '/api/v1/sensors', headers })).json.items[0];
  const rollouts = async () =>
    (await running.send({ method: 'GET', url: '/api/v1/sensor-upgrades', headers })).json.rollouts;
  const offer = (name: string): void => {
    offered = builds.get(name) as SensorBuild;
  };
  const ask = async () => {
    const { hostId } = await sensor();
    const body = { hostIds: [hostId] };
    return (await running.send({ method: 'POST', url: '/api/v1/sensor-upgrades', headers, body })).json;
  };
  const ended = async () => {
    await expect.poll(async () => (await rollouts())[0].upgrades[0].state, soon).toMatch(/done|failed/);
    return (await rollouts())[0];
  };
  const start = async (env: Record<string, string> = {}): Promise<void> => {
    child = spawn(program, ['run'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      detached: true,
      env: {
        PATH: process.env['PATH'],
        PARAPET_STATE_DIR: join(folder, 'state'),
        PARAPET_CONSOLE_URL: `https://127.0.0.1:${running.console.port}`,
        PARAPET_CLOUD_METADATA: 'off',
        PARAPET_CPU_LIMIT: 'off',
        DOCKER_HOST: 'unix:///nowhere',
        ...env,
      },
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString('utf8')).slice(-64 * 1024);
    });
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ppt-upgrade-'));
    const [old = '', next = ''] = await bundleSensor(folder, ['0.1.0', '0.2.0']);
    const pack = async (name: string, bundle: string, version: string, id: string, node?: string) =>
      builds.set(name, await packSensor(folder, bundle, version, id, node));
    await pack('old', old, '0.1.0', '000000000001');
    const onTrial = (body: string): string => `case "$*" in *trial*) ${body};; *) exec "$NODE" "$@";; esac`;
    await pack('crashing', next, '0.2.0', '000000000003', onTrial('echo "no such thing" >&2; exit 3'));
    await pack('slow', next, '0.2.0', '000000000006', onTrial('sleep 50'));
    await pack('broken', next, '0.2.0', '000000000004', 'exit 126');
    await pack('lying', old, '0.3.0', '000000000005');
    running = await startTestConsole({
      version: '0.2.0',
      archives: {
        forArchitecture: async (architecture) =>
          architecture === process.arch ? ok(offered) : fail(problem('none', 'There is none.')),
        newest: () => [offered],
        find: (sha256) => [...builds.values()].find((build) => build.sha256 === sha256),
      },
    });
    headers = await running.signInAdmin();
    offer('old');
    program = await installSensor(rootDir(), builds.get('old') as SensorBuild);
    const { key, authorityPin } = await running.console.gateway.createLocalEnrolmentKey();
    await start({ PARAPET_ENROLMENT_KEY: key, PARAPET_AUTHORITY_PIN: authorityPin });
  });
  afterAll(async () => {
    const hasEnded = child === undefined || child.exitCode !== null || child.signalCode !== null;
    const end = hasEnded ? undefined : new Promise((resolve) => child.on('exit', resolve));
    child?.kill('SIGTERM');
    await end;
    await running?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it('says who it is', async () => {
    await expect.poll(async () => (await sensor())?.presence, soon).toBe('online');
    expect(await sensor()).toMatchObject({
      version: '0.1.0',
      standing: 'outdated',
      program: { kind: 'installed', build: '0.1.0-000000000001', architecture: process.arch },
    });
  });

  it.each([
    ['crashing', 'crashed', /ended with exit code 3.*no such thing/],
    ['broken', 'self-check', /does not run on this host.*exit code 126/],
    ['lying', 'self-check', /not version 0\.3\.0/],
  ])('stays what it is when the new version is %s, and says why', async (name, reason, message) => {
    offer(name);
    await ask();
    const rollout = await ended();
    expect(rollout.upgrades[0]).toMatchObject({ state: 'failed', reason });
    expect(rollout.upgrades[0].message).toMatch(message);
    await expect.poll(async () => (await rollouts())[0].state, soon).toBe('stopped');
    await expect.poll(async () => (await sensor()).presence, soon).toBe('online');
    expect(await sensor()).toMatchObject({ version: '0.1.0' });
    expect(await current()).toBe('0.1.0-000000000001');
    expect(await readdir(join(rootDir(), 'versions'))).toEqual(['0.1.0-000000000001']);
  });

  it('comes back as it was when it is killed while the new version is tried, and leaves nothing of that running', async () => {
    offer('slow');
    await ask();
    const trial = async (): Promise<{ pid: number }> =>
      JSON.parse(await readFile(join(folder, 'state/upgrade/record.json'), 'utf8')).trial;
    await expect.poll(() => trial().catch(() => undefined), soon).toBeDefined();
    const { pid } = await trial();
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('exit', resolve));
    await start();
    expect(await ended()).toMatchObject({ upgrades: [{ state: 'failed', reason: 'interrupted' }] });
    await expect.poll(async () => (await sensor()).presence, soon).toBe('online');
    expect(await sensor()).toMatchObject({ version: '0.1.0' });
    expect(await current()).toBe('0.1.0-000000000001');
    await expect.poll(() => existsSync(`/proc/${pid}/cwd/.`), soon).toBe(false);
  });
});
