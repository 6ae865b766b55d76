import { buildBusyboxImage, describeWith, docker, dockerDaemon, root, testLabel } from '@parapet/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type ConsoleProcess,
  createSensorProcess,
  type SensorProcess,
  startConsoleProcess,
} from './support/from-sources.ts';

const soon = { timeout: 180_000, interval: 100 };

describeWith([root, dockerDaemon], 'a sensor and a console', () => {
  let console: ConsoleProcess;
  let sensor: SensorProcess;
  const made: string[] = [];
  let image: string;

  beforeAll(async () => {
    image = await buildBusyboxImage();
    console = await startConsoleProcess();
    sensor = await createSensorProcess();
    const { consoleUrl, authorityPin, key } = await console.enrolment();
    await sensor.start({
      PARAPET_CONSOLE_URL: consoleUrl,
      PARAPET_AUTHORITY_PIN: authorityPin,
      PARAPET_ENROLMENT_KEY: key,
      // Few, so that nothing is left out whatever is installed here.
      PARAPET_WATCHED_PATHS: '/etc,/usr/bin',
    });
  });
  afterAll(async () => {
    await sensor?.dispose();
    await console?.stop();
    for (const id of made) await docker('rm', '-f', id).catch(() => '');
  });

  const theSensor = async () => (await console.call('GET', '/api/v1/sensors?includeRevoked=true')).json.items[0];
  const details = async () => (await console.call('GET', `/api/v1/sensors/${(await theSensor()).hostId}`)).json;
  const assets = async (kind: string, q = '') =>
    (await console.call('GET', `/api/v1/assets?kind=${kind}&q=${encodeURIComponent(q)}`)).json.items;
  const run = async (name: string, ...command: string[]): Promise<string> => {
    const id = await docker('run', '-d', '--label', testLabel, '--name', name, image, ...command);
    made.push(id);
    return id;
  };

  it('enrols, shows the host and its collectors, and agrees on every record', async () => {
    await expect.poll(theSensor, soon).toMatchObject({ presence: 'online', enrolment: 'new' });
    await expect.poll(async () => (await theSensor()).inSync, soon).toBe(true);
    const states = async () =>
      (await details()).collectors
        .map(({ name, state }: { name: string; state: string }) => `${name} ${state}`)
        .toSorted();
    // Connection tracking is known to work once it told of something.
    const collectors = ['activity', 'docker', 'files', 'host', 'limits', 'network', 'process'];
    await expect.poll(states, soon).toEqual(collectors.map((name) => `${name} running`));
    const { blind } = await details();
    expect(blind.filter(({ collector }: { collector: string }) => collector === 'sensor')).toEqual([]);
    expect(await assets('host')).toHaveLength(1);
  });

  it('shows a container from its start to its end', async () => {
    const name = `parapet-e2e-${process.pid}`;
    const id = await run(name, 'sleep', '600');
    await expect.poll(() => assets('container', name), soon).toMatchObject([{ name, status: 'running' }]);
    await docker('stop', '-t', '0', id);
    await expect.poll(() => assets('container', name), soon).toMatchObject([{ status: 'stopped' }]);
    await docker('start', id);
    await expect.poll(() => assets('container', name), soon).toMatchObject([{ status: 'running' }]);
    await docker('rm', '-f', id);
    await expect.poll(async () => (await assets('container', name))[0]?.status ?? 'gone', soon).toBe('gone');
  });

  it('goes on when the console crashes in between, and loses nothing', async () => {
    const before = `parapet-e2e-before-${process.pid}`;
    const during = `parapet-e2e-during-${process.pid}`;
    await run(before, 'sleep', '600');
    await console.crash();
    await run(during, 'sleep', '600');
    await console.restart();
    for (const name of [before, during]) {
      await expect.poll(() => assets('container', name), soon).toMatchObject([{ name, status: 'running' }]);
    }
    await expect.poll(async () => (await theSensor()).inSync, soon).toBe(true);
  });

  it('tells a killed sensor from a stopped one, and has nothing twice after either', async () => {
    const name = `parapet-e2e-twice-${process.pid}`;
    await run(name, 'sleep', '600');
    await expect.poll(() => assets('container', name), soon).toHaveLength(1);
    await sensor.end('SIGKILL');
    await expect.poll(async () => (await theSensor()).presence, soon).toBe('unknown');
    await sensor.start();
    await expect.poll(theSensor, soon).toMatchObject({ presence: 'online', inSync: true });
    await expect
      .poll(
        async () =>
          (await details()).blind.filter(({ collector }: { collector: string }) => collector === 'sensor').length,
        soon,
      )
      .toBeGreaterThan(0);
    expect(await assets('container', name)).toHaveLength(1);
    expect(await assets('host')).toHaveLength(1);

    expect(await sensor.end('SIGTERM')).toBe(0);
    await expect.poll(async () => (await theSensor()).presence, soon).toBe('stopped');
    await sensor.start();
    await expect.poll(theSensor, soon).toMatchObject({ presence: 'online', inSync: true });
    await expect.poll(() => assets('container', name), soon).toMatchObject([{ status: 'running' }]);
  });

  it('scans this host and an image when asked to', async () => {
    const [host] = await assets('host');
    const [debian] = await assets('image', image);
    for (const asset of [host, debian]) {
      const asked = await console.call('POST', '/api/v1/scans', { assetIds: [asset.id] });
      expect(asked.status, JSON.stringify(asked.json)).toBeLessThan(300);
      await expect
        .poll(async () => (await console.call('GET', `/api/v1/assets/${asset.id}`)).json.scan, {
          ...soon,
          timeout: 180_000,
        })
        .toMatchObject({ state: expect.stringMatching(/^(done|partial)$/) });
    }
    const { packageCount, distribution } = (await console.call('GET', `/api/v1/assets/${host.id}`)).json;
    expect(packageCount).toBeGreaterThan(50);
    expect(distribution).toMatch(/debian/i);
  });

  it('stays away after it was revoked, and says so', async () => {
    const { hostId } = await theSensor();
    expect((await console.call('POST', `/api/v1/sensors/${hostId}/revoke`, { reason: 'test' })).status).toBeLessThan(
      300,
    );
    await expect.poll(theSensor, soon).toMatchObject({ presence: 'revoked' });
    await expect.poll(() => sensor.log(), soon).toMatch(/revoked/i);
  });
});
