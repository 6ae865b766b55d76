import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildBusyboxImage, describeWith, docker, dockerDaemon, root, testLabel } from '@parapet/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { unpackEvidence } from '../apps/console/src/forensics/testing/unpack-evidence.ts';
import {
  type ConsoleProcess,
  createSensorProcess,
  type SensorProcess,
  startConsoleProcess,
} from './support/from-sources.ts';

const soon = { timeout: 180_000, interval: 100 };
/** Scans stand behind everything else on a busy machine. */
const scanMs = 280_000;

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
  /** An hour around now. */
  const span = (): string => {
    const at = (offsetMs: number): string => new Date(Date.now() + offsetMs).toISOString();
    return `since=${at(-1_800_000)}&until=${at(1_800_000)}`;
  };
  const hunt = async (q: string): Promise<Record<string, string>[]> =>
    (await console.call('GET', `/api/v1/hunt/events?${span()}&limit=1000&q=${encodeURIComponent(q)}`)).json.items;
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
    // Connection tracking is known to work once it told of something, and whether logins and users are seen whole depends on the host.
    const collectors = ['activity', 'docker', 'files', 'host', 'limits', 'network', 'process', 'stores'];
    await expect
      .poll(states, soon)
      .toEqual(
        expect.arrayContaining([
          ...collectors.map((name) => `${name} running`),
          ...['accounts', 'logins'].map((name) => expect.stringMatching(new RegExp(`^${name} `))),
        ]),
      );
    const { blind } = await details();
    expect(blind.filter(({ collector }: { collector: string }) => collector === 'sensor')).toEqual([]);
    expect(await assets('host')).toHaveLength(1);
  });

  it('records what the telemetry policy wants, says in hunts what it leaves out, and accounts for the rest', async () => {
    const { hostId } = await theSensor();
    const rules = [
      { name: 'no ends of true', actions: ['exit'], programs: ['/**/true'], keep: 0 },
      { name: 'no system calls', actions: ['privilege-change', 'ptrace', 'mount'], keep: 0 },
    ];
    expect((await console.call('PUT', '/api/v1/telemetry-policy', { basedOn: 0, rules })).status).toBe(200);
    await expect
      .poll(async () => (await console.call('GET', `/api/v1/telemetry-policy/hosts/${hostId}`)).json, soon)
      .toMatchObject({ standing: 'followed', off: ['privilege-change', 'mount', 'ptrace'] });
    await expect
      .poll(async () => JSON.stringify((await details()).collectors), soon)
      .toContain('wants nothing of these, so they are in no count: changes of privilege');
    const left = `policy-left-${process.pid}`;
    const kept = `policy-kept-${process.pid}`;
    const started = async (marker: string): Promise<string[]> =>
      (await hunt(`event.action = exec and process.command_line ~ "${marker}"`)).map(
        (event) => event['process.entity_id'] ?? '',
      );
    const ended = async (processes: readonly string[]): Promise<number> =>
      processes.length === 0
        ? 0
        : (await hunt(`event.action = exit and process.entity_id in (${processes.map((id) => `"${id}"`).join(', ')})`))
            .length;
    // Each try is another process: what one of them told may have been lost on a busy machine.
    const tried = (program: string, marker: string, holds: () => Promise<boolean>) =>
      expect
        .poll(
          async () => {
            if (await holds()) return true;
            spawnSync(program, [marker]);
            return false;
          },
          { ...soon, interval: 500 },
        )
        .toBe(true);
    await tried('/bin/true', left, async () => (await started(left)).length > 0);
    await tried('/bin/false', kept, async () => (await ended(await started(kept))) > 0);
    expect(await ended(await started(left))).toBe(0);
    const { gaps } = (await console.call('GET', `/api/v1/hunt/events?${span()}&limit=1`)).json;
    expect(gaps).toContainEqual(
      expect.objectContaining({
        ...{ hostId, collector: 'policy' },
        cause: 'version 1 leaves out privilege-change, mount, ptrace and some of exit',
      }),
    );
    const accounts = (await console.call('GET', `/api/v1/hunt/accounts/${hostId}?${span()}`)).json.collectors;
    const { produced, told, unwanted, lost } = accounts.find(
      ({ collector }: { collector: string }) => collector === 'activity',
    );
    expect(produced).toBe(told + unwanted + lost);
  });

  it('draws the timeline of a process, looks at what it has open now, and hands over evidence of it', async () => {
    const { hostId } = await theSensor();
    const folder = await mkdtemp(join(tmpdir(), 'ppt-open-'));
    const children: ChildProcess[] = [];
    try {
      await using file = await open(join(folder, 'held-open'), 'w');
      // Ends by itself should nobody end it.
      const marker = `900.${process.pid}`;
      const begin = async (): Promise<string> => {
        const [found] = await hunt(`event.action = exec and process.command_line = "sleep ${marker}"`);
        if (found === undefined)
          children.push(spawn('sleep', [marker], { stdio: ['ignore', file.fd, 'ignore'], cwd: '/' }));
        return found?.['process.entity_id'] ?? '';
      };
      await expect.poll(begin, { ...soon, interval: 500 }).toMatch(/^\d+:\d+$/);
      const subject = { hostId, process: await begin() };
      const query = `hostId=${hostId}&process=${encodeURIComponent(subject.process)}&${span()}`;
      const timeline = async () => (await console.call('GET', `/api/v1/forensics?${query}`)).json;
      await expect.poll(timeline, soon).toMatchObject({
        subject: { kind: 'process', name: 'sleep', process: { id: subject.process, commandLine: `sleep ${marker}` } },
        actions: expect.arrayContaining([{ action: 'exec', count: 1 }]),
      });
      expect((await timeline()).ancestry.processes.length).toBeGreaterThan(0);
      const look = async () => (await console.call('POST', '/api/v1/forensics/look', subject)).json.processes;
      await expect.poll(look, soon).toMatchObject([
        {
          ...{ id: subject.process, name: 'sleep', arguments: ['sleep', marker] },
          files: expect.arrayContaining([expect.objectContaining({ path: expect.stringMatching(/held-open$/) })]),
        },
      ]);
      const evidence = async (): Promise<ReadonlyMap<string, Buffer>> => {
        const { status, content } = await console.call('GET', `/api/v1/forensics/evidence?${query}&look=true`);
        return status === 200 ? unpackEvidence(content) : new Map();
      };
      await expect
        .poll(async () => [...(await evidence()).keys()], soon)
        .toEqual(expect.arrayContaining(['subject.json', 'open-now.json', 'manifest.json']));
      const files = await evidence();
      expect(String(files.get('open-now.json'))).toContain('held-open');
      expect(String(files.get('events/00001.ndjson'))).toContain(marker);
    } finally {
      for (const child of children) child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    }
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
    const { hostId } = await theSensor();
    expect((await console.call('GET', `/api/v1/telemetry-policy/hosts/${hostId}`)).json.standing).toBe('followed');
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
          timeout: scanMs,
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
