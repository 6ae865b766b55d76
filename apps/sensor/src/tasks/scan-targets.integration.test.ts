import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { Sbom } from '@parapet/contract';
import { ok } from '@parapet/core';
import {
  buildBusyboxImage,
  describeWith,
  docker,
  dockerDaemon,
  dockerSocketPath,
  removeContainer,
  root,
  runContainer,
} from '@parapet/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { createDockerApi, type DockerApi } from '../collectors/docker/docker-api.ts';
import { createScanRunner } from './scan-runner.ts';
import { createTargetResolver } from './scan-targets.ts';

const scan = createScanRunner(join(import.meta.dirname, '..', 'main.ts'));

describeWith([root, dockerDaemon], 'scan targets of a real Docker', () => {
  const api = createDockerApi(dockerSocketPath() ?? '');
  let folder: string;
  let container: string;
  let image: string;

  beforeAll(async () => {
    // A layer with a package, and one above it that replaced the folder the lower one had.
    const base = await buildBusyboxImage();
    const first = await runContainer(base, [], ['sh', '-c', packageScript('one', 'status.d/one')]);
    await docker('wait', first);
    const lower = await docker('commit', '--change', 'LABEL parapet.test=1', first);
    const second = await runContainer(lower, [], ['sh', '-c', `busybox rm -rf /var/lib/dpkg; ${packageScript('two')}`]);
    await docker('wait', second);
    image = await docker('commit', '--change', 'LABEL parapet.test=1', second);
    await Promise.all([first, second].map(removeContainer));
    container = await runContainer(image, [], ['sh', '-c', `${packageScript('three')}; sleep 600`]);
  });
  afterAll(async () => {
    await removeContainer(container);
    await docker('rmi', '-f', image).catch(() => '');
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parapet-targets-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const packagesOf = async (target: Parameters<ReturnType<typeof createTargetResolver>>[0], by: DockerApi = api) => {
    const resolved = await createTargetResolver({
      rootPath: '/',
      procPath: '/proc',
      docker: by,
      stored: { image: () => undefined },
    })(target, join(folder, 'image.tar'));
    if (!resolved.ok) throw new Error(resolved.error.message);
    const { source, release } = resolved.value;
    const outputPath = join(folder, `${source.kind}.zst`);
    const options = { timeoutMs: 120_000, signal: new AbortController().signal };
    const outcome = await scan({ target: resolved.value.target, source, outputPath }, options);
    await release();
    if (outcome.kind === 'failed') throw new Error(outcome.message);
    const sbom = Sbom.parse(JSON.parse(zstdDecompressSync(await readFile(outputPath)).toString('utf8')));
    await rm(outputPath);
    const ofType = (wanted: string) => sbom.packages.filter(({ type }) => type === wanted);
    const layers = Object.fromEntries(ofType('cargo').map(({ name, layer }) => [name, layer]));
    return { kind: source.kind, packages: ofType('dpkg').map(({ name }) => name), layers };
  };

  it('reads an image from its layers, without what an upper layer took away', async () => {
    expect(await packagesOf({ kind: 'image', imageKey: image })).toEqual({
      kind: 'folders',
      packages: ['two'],
      layers: await layersOf(image),
    });
  });

  it('reads an image by export where layers are not to be found', async () => {
    const withoutLayers: DockerApi = {
      ...api,
      image: async (id) => {
        const found = await api.image(id);
        return found.ok ? ok({ ...found.value, GraphDriver: null }) : found;
      },
    };
    expect(await packagesOf({ kind: 'image', imageKey: image }, withoutLayers)).toEqual({
      kind: 'archive',
      packages: ['two'],
      layers: await layersOf(image),
    });
  });

  it('reads a container with what it wrote', async () => {
    const target = { kind: 'container', containerKey: `docker:${container}` } as const;
    await expect
      .poll(async () => (await packagesOf(target).catch(() => undefined))?.packages, { timeout: 180_000 })
      .toEqual(['three']);
    // What the container wrote itself belongs to no layer of its image.
    expect((await packagesOf(target)).layers).toEqual({ ...(await layersOf(image)), three: undefined });
  });

  it('refuses a container of which nothing runs', async () => {
    const target = { kind: 'container', containerKey: `containerd:${'0'.repeat(64)}` } as const;
    await expect(packagesOf(target)).rejects.toThrow(/Nothing of the container runs/);
  });

  it('refuses keys that name nothing', async () => {
    await expect(packagesOf({ kind: 'image', imageKey: '../x' })).rejects.toThrow(/names no image/);
    await expect(packagesOf({ kind: 'container', containerKey: 'unknown:x' })).rejects.toThrow(/names no container/);
    await expect(packagesOf({ kind: 'image', imageKey: `sha256:${'0'.repeat(64)}` })).rejects.toThrow(/404/);
  });
});

/** By the name of the lock file's package: the two layers that were put on the base, in Docker's own words. */
const layersOf = async (image: string): Promise<Record<string, string | undefined>> => {
  const all = (await docker('inspect', '--format', '{{range .RootFS.Layers}}{{.}} {{end}}', image)).trim().split(' ');
  return { one: all.at(-2), two: all.at(-1) };
};

const packageScript = (name: string, file = 'status'): string =>
  `mkdir -p /var/lib/dpkg/status.d && echo "Package: ${name}
Status: install ok installed
Architecture: all
Version: 1.0
" > /var/lib/dpkg/${file} && mkdir -p /srv/${name} && echo '[[package]]
name = "${name}"
version = "1.0.0"' > /srv/${name}/Cargo.lock`;
