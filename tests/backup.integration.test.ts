import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ConsoleProcess,
  createSensorProcess,
  makeConsoleDir,
  runMaintenance,
  type SensorProcess,
  startConsoleProcess,
} from './support/from-sources.ts';

const soon = { timeout: 180_000, interval: 200 };
const passphrase = 'a passphrase for this test';

describe('a console that is restored elsewhere', () => {
  let console: ConsoleProcess;
  let sensor: SensorProcess;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ppt-backup-'));
    console = await startConsoleProcess();
    sensor = await createSensorProcess();
    const { consoleUrl, authorityPin, key } = await console.enrolment();
    await sensor.start({
      PARAPET_CONSOLE_URL: consoleUrl,
      PARAPET_AUTHORITY_PIN: authorityPin,
      PARAPET_ENROLMENT_KEY: key,
    });
  });
  afterAll(async () => {
    await sensor?.dispose();
    await console?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const get = async (path: string) => (await console.call('GET', path)).json;
  const theSensor = async () => (await get('/api/v1/sensors')).items[0];
  const processesOf = async (pid: number | undefined) => {
    const [host] = (await get('/api/v1/assets?kind=host')).items;
    const { items } = await get(`/api/v1/assets/${host.id}/processes`);
    return items.filter((item: { pid: number }) => item.pid === pid);
  };

  it('has its sensor back, which kept running: they agree, and nothing is lost or doubled', async () => {
    await expect.poll(async () => (await theSensor()).inSync, soon).toBe(true);
    const backup = join(folder, 'console.tar');
    await writeFile(backup, await console.backup(passphrase), { mode: 0o644 });
    // Both ends go on, past what the backup knows.
    const later = spawn('sleep', ['600']);
    await expect.poll(() => processesOf(later.pid), soon).toHaveLength(1);
    const before = await theSensor();
    const port = console.port();
    const pid = sensor.pid();
    await console.stop();

    const dataDir = await makeConsoleDir();
    const wrong = await runMaintenance(
      dataDir,
      { kind: 'restore', passphrase: `not ${passphrase}`, withoutKeys: false },
      backup,
    );
    expect(wrong.messages.at(-1)).toMatchObject({ kind: 'failed', code: 'wrong-passphrase' });
    const job = { kind: 'restore', passphrase, withoutKeys: false };
    const killed = await runMaintenance(dataDir, job, backup, /^Building indexes/);
    expect(killed.signal).toBe('SIGKILL');
    await expect(startConsoleProcess({ dataDir, port })).rejects.toThrow('A restore into');
    const restored = await runMaintenance(dataDir, job, backup);
    expect(restored.messages.at(-1)).toMatchObject({ kind: 'done', answer: { hasKeys: true, keys: 'restored' } });
    const again = await runMaintenance(dataDir, job, backup);
    expect(again.messages.at(-1)).toMatchObject({ kind: 'failed', code: 'not-empty' });

    console = await startConsoleProcess({ dataDir, port });
    await expect.poll(theSensor, soon).toMatchObject({ hostId: before.hostId, presence: 'online', inSync: true });
    expect(sensor.pid()).toBe(pid);
    await expect.poll(() => processesOf(later.pid), soon).toHaveLength(1);
    expect((await get('/api/v1/assets?kind=host')).items).toHaveLength(1);
    const { blind } = await get(`/api/v1/sensors/${before.hostId}`);
    expect(blind.find(({ cause }: { cause: string }) => cause.includes('restored'))).toMatchObject({
      to: expect.any(String),
    });
    const audit = (await get('/api/v1/audit?limit=100')).items.map(({ action }: { action: string }) => action);
    expect(audit).toContain('console.restore');
    // The same process, told of anew, is not begun anew, and ends once.
    later.kill('SIGKILL');
    await expect.poll(() => processesOf(later.pid), soon).toHaveLength(0);
    await expect.poll(async () => (await theSensor()).inSync, soon).toBe(true);
  });
});
