import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { Sbom } from '@parapet/contract';
import { containerdReader } from '@parapet/sbom/local-stores';
import {
  describeWith,
  eventually,
  programOf,
  root,
  startContainerd,
  type TestContainerd,
  writeImageArchive,
} from '@parapet/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createScanRunner } from '../../tasks/scan-runner.ts';
import { createTargetResolver } from '../../tasks/scan-targets.ts';
import type { RunningCollector } from '../collector.ts';
import { createProcessCollector } from '../process/index.ts';
import { createRuntimeStates } from '../runtime-states.ts';
import { createStoredWorkloads } from '../stored-workloads.ts';
import { createCollected } from '../testing/collected.ts';
import { createStoresCollector } from './index.ts';

const needs = [root, programOf('containerd'), programOf('ctr'), programOf('runc'), programOf('busybox')];
/** Of this run alone: other tests may use another containerd on the same machine. */
const reference = `docker.io/parapet-test/stores:${process.pid}`;

describeWith(needs, 'containers and images of a real containerd', () => {
  const collected = createCollected();
  const stored = createStoredWorkloads();
  const running: RunningCollector[] = [];
  const ids: string[] = [];
  let folder = '';
  let containerd: TestContainerd;
  let digest = '';

  /** Runs a shell's script; resolves with the container's id once it wrote `/ready`. */
  const start = async (script: string): Promise<string> => {
    const id = randomBytes(32).toString('hex');
    ids.push(id);
    const shell = ['/bin/sh', '-c', `${script}; echo > /ready; exec /bin/busybox sleep 6000`];
    await containerd.ctr('run', '-d', '--label', 'app=shop', reference, id, ...shell);
    const tasks = await containerd.ctr('tasks', 'ls');
    const pid = new RegExp(`${id}\\s+(\\d+)`).exec(tasks)?.[1];
    await eventually('the container is ready', () => stat(`/proc/${pid}/root/ready`));
    return id;
  };
  /** Control groups of `ctr` name no runtime. */
  const recordOf = (id: string) => collected.latest('container', `unknown:${id}`);

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parapet-stores-'));
    const imageRoot = join(folder, 'root');
    for (const path of ['bin', 'etc', 'var/lib/dpkg']) await mkdir(join(imageRoot, path), { recursive: true });
    await copyFile('/bin/busybox', join(imageRoot, 'bin/busybox'));
    await symlink('busybox', join(imageRoot, 'bin/sh'));
    await writeFile(join(imageRoot, 'etc/os-release'), 'ID=debian\nVERSION_ID=12\n');
    await writeFile(join(imageRoot, 'var/lib/dpkg/status'), stanza('inside'));
    const path = join(folder, 'image.tar');
    digest = await writeImageArchive(imageRoot, { path, reference, labels: { team: 'web' } });
    containerd = await startContainerd();
    await containerd.ctr('images', 'import', path);
    await start('cd');
    await start('/bin/busybox mkdir -p /srv/app; echo "{}" > /srv/app/package-lock.json');
    const { context, workloads } = collected;
    const readers = [containerdReader(containerd.root)];
    for (const collector of [
      createStoresCollector({ readers, stored, runtimes: createRuntimeStates() }),
      createProcessCollector(workloads, { stored, reportAfterMs: 0 }),
    ])
      running.push(await collector.start(context));
  });

  afterAll(async () => {
    collected.stop();
    for (const collector of running.toReversed()) await collector.stop();
    for (const id of ids) {
      await containerd.ctr('tasks', 'kill', '-s', 'KILL', id).catch(() => '');
      await eventually('the container is removed', async () => {
        await containerd.ctr('tasks', 'rm', '-f', id).catch(() => '');
        await containerd.ctr('containers', 'rm', id).catch(() => '');
        return !(await containerd.ctr('containers', 'ls', '-q')).includes(id);
      });
    }
    await containerd.stop();
    await rm(folder, { recursive: true, force: true });
  });

  it('are told from the first view on, with what a container wrote beside its image', async () => {
    expect(collected.latest('image', digest)).toMatchObject({
      runtime: 'containerd',
      tags: [reference],
      repoDigests: [expect.stringMatching(/^docker\.io\/parapet-test\/stores@sha256:[0-9a-f]{64}$/)],
      createdAt: Date.parse('2026-01-02T03:04:05Z'),
      labels: { team: 'web' },
    });
    // Its busybox alone has 2 MB.
    expect(collected.latest('image', digest)?.sizeBytes).toBeGreaterThan(1_000_000);
    const image = { runtime: 'containerd', imageName: reference, imageDigest: digest, startInferred: true };
    expect(recordOf(ids[0] ?? '')).toMatchObject({ ...image, labels: { app: 'shop' }, packageDatabases: [] });
    expect(recordOf(ids[1] ?? '')?.packageDatabases.map(({ path }) => path)).toEqual(['/srv/app/package-lock.json']);
  });

  it('gives a container that starts later its image soon', async () => {
    const id = await start('cd');
    const told = await eventually('its image is told', async () => {
      const record = recordOf(id);
      return record?.imageDigest === undefined ? undefined : record;
    });
    expect(told).toMatchObject({ key: `unknown:${id}`, imageName: reference, imageDigest: digest });
  });

  it('has an image scanned from its store', async () => {
    const docker = undefined;
    const resolved = await createTargetResolver({ rootPath: '/', procPath: '/proc', docker, stored })(
      { kind: 'image', imageKey: digest },
      join(folder, 'unused.tar'),
    );
    if (!resolved.ok) throw new Error(resolved.error.message);
    const { target, source } = resolved.value;
    expect({ target, source }).toMatchObject({ target: { name: reference }, source: { kind: 'store' } });
    const outputPath = join(folder, 'sbom.zst');
    const scan = createScanRunner(join(import.meta.dirname, '../../main.ts'));
    const options = { timeoutMs: 300_000, signal: new AbortController().signal };
    const outcome = await scan({ target, source, outputPath }, options);
    expect(outcome).toMatchObject({ kind: 'done' });
    const sbom = Sbom.parse(JSON.parse(zstdDecompressSync(await readFile(outputPath)).toString('utf8')));
    expect(sbom).toMatchObject({ status: 'succeeded', target: { kind: 'image', name: reference } });
    expect(sbom.packages.filter(({ type }) => type === 'dpkg')).toMatchObject([{ name: 'inside' }]);
  });

  it('ends an image that its store no longer has', async () => {
    await containerd.ctr('images', 'rm', reference);
    await eventually('the image is gone', async () => collected.latest('image', digest)?.endedAt);
    // What still runs keeps what is known of it.
    expect(recordOf(ids[0] ?? '')).toMatchObject({ state: 'running', imageDigest: digest });
    expect(collected.statuses.at(-1)).toMatchObject({ state: 'running' });
  });
});

const stanza = (name: string): string =>
  `Package: ${name}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n`;
