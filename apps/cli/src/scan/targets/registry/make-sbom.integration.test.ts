import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { writeTar } from '@parapet/core';
import { describeWith, eventually, programOf } from '@parapet/testkit';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { TargetContext } from '../target.ts';
import { sbomOfRegistryImage } from './make-sbom.ts';

/** `secret` with bcrypt, the only form that the registry takes. */
const passwords = 'user:$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';
const authorization = `Basic ${Buffer.from('user:secret').toString('base64')}`;
const context: TargetContext = {
  signal: new AbortController().signal,
  say: () => undefined,
  offline: false,
  platform: undefined,
};
const digestOf = (content: Buffer): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;
const layerOf = (name: string): Buffer =>
  gzipSync(
    writeTar([
      { name: 'etc/os-release', content: 'ID=debian\nVERSION_ID="12"\n' },
      {
        name: 'var/lib/dpkg/status',
        content: `Package: ${name}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n`,
      },
    ]),
  );

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

describeWith([programOf('docker-registry')], 'images of a real registry', () => {
  let dir = '';
  let host = '';
  let program: ChildProcess | undefined;

  const send = async (path: string, method: string, body?: Buffer, type = 'application/octet-stream') => {
    const response = await fetch(new URL(path, `http://${host}`), {
      method,
      headers: { authorization, 'content-type': type },
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  const push = async (content: Buffer): Promise<{ digest: string; size: number; mediaType: string }> => {
    const place = new URL(
      (await send('/v2/team/app/blobs/uploads/', 'POST')).headers.get('location') ?? '',
      `http://${host}`,
    );
    place.searchParams.set('digest', digestOf(content));
    await send(place.href, 'PUT', content);
    return {
      digest: digestOf(content),
      size: content.length,
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
    };
  };
  const pushManifest = async (name: string, manifest: object, kind: 'manifest' | 'index') => {
    const mediaType = `application/vnd.oci.image.${kind}.v1+json`;
    const content = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...manifest }));
    await send(`/v2/team/app/manifests/${name === '' ? digestOf(content) : name}`, 'PUT', content, mediaType);
    return { digest: digestOf(content), size: content.length, mediaType };
  };
  const pushImage = async (architecture: string) => {
    const config = await push(
      Buffer.from(JSON.stringify({ os: 'linux', architecture, rootfs: { type: 'layers', diff_ids: [] } })),
    );
    const layers = [await push(layerOf(`for-${architecture}`))];
    const manifest = { config: { ...config, mediaType: 'application/vnd.oci.image.config.v1+json' }, layers };
    return { ...(await pushManifest('', manifest, 'manifest')), platform: { os: 'linux', architecture } };
  };

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'parapet-registry-'));
    host = `127.0.0.1:${await freePort()}`;
    writeFileSync(join(dir, 'htpasswd'), passwords);
    const config = {
      version: '0.1',
      log: { level: 'error' },
      storage: { filesystem: { rootdirectory: join(dir, 'data') } },
      http: { addr: host },
      auth: { htpasswd: { realm: 'test', path: join(dir, 'htpasswd') } },
    };
    writeFileSync(join(dir, 'config.yml'), JSON.stringify(config));
    program = spawn('docker-registry', ['serve', join(dir, 'config.yml')], { stdio: 'ignore' });
    await eventually('the registry', async () => {
      const response = await fetch(`http://${host}/v2/`).catch(() => undefined);
      return response?.status === 401 ? true : undefined;
    });
    await pushManifest('1', { manifests: [await pushImage('amd64'), await pushImage('arm64')] }, 'index');
    vi.stubEnv('DOCKER_CONFIG', dir);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    program?.kill();
    rmSync(dir, { recursive: true, force: true });
  });

  it('say how to log in', async () => {
    await expect(sbomOfRegistryImage(`${host}/team/app:1`, context)).rejects.toThrow(`docker login ${host}`);
  });

  it('are read with the credentials of config.json, for the platform that is asked for', async () => {
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ auths: { [host]: { auth: authorization.slice(6) } } }));
    const sbom = await sbomOfRegistryImage(`${host}/team/app:1`, context);
    expect(sbom).toMatchObject({
      status: 'succeeded',
      distribution: { id: 'debian' },
      packages: [{ name: 'for-amd64' }],
    });
    const arm = await sbomOfRegistryImage(`${host}/team/app:1`, { ...context, platform: 'linux/arm64' });
    expect(arm.packages).toMatchObject([{ name: 'for-arm64' }]);
    await expect(sbomOfRegistryImage(`${host}/team/app:1`, { ...context, platform: 'linux/s390x' })).rejects.toThrow(
      's390x',
    );
  });

  it('that are not there, and wrong credentials, are told apart', async () => {
    await expect(sbomOfRegistryImage(`${host}/team/app:9`, context)).rejects.toThrow('Is the tag right?');
    const wrong = Buffer.from('user:wrong').toString('base64');
    writeFileSync(join(dir, 'config.json'), JSON.stringify({ auths: { [host]: { auth: wrong } } }));
    await expect(sbomOfRegistryImage(`${host}/team/app:1`, context)).rejects.toThrow('refuses the credentials');
  });

  it('are not asked for offline', async () => {
    await expect(sbomOfRegistryImage(`${host}/team/app:1`, { ...context, offline: true })).rejects.toThrow('--offline');
  });
});
