import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTar } from '@parapet/core';
import { describeWith, docker, dockerDaemon, programOf, testLabel } from '@parapet/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeSbomOf } from './registry.ts';
import type { TargetContext } from './target.ts';

const context: TargetContext = {
  signal: new AbortController().signal,
  say: () => undefined,
  offline: true,
  platform: undefined,
};
const statusOf = (name: string): string =>
  `Package: ${name}\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n`;
const name = 'parapet-test/cli-targets:1';

describeWith([dockerDaemon, programOf('docker')], 'targets of a real Docker', () => {
  let dir = '';
  let container = '';
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'parapet-cli-docker-'));
    writeFileSync(join(dir, 'root.tar'), writeTar([{ name: 'var/lib/dpkg/status', content: statusOf('of-image') }]));
    writeFileSync(join(dir, 'status'), statusOf('of-container'));
    await docker('import', '--change', `LABEL ${testLabel}`, join(dir, 'root.tar'), name);
    container = await docker('create', '--label', testLabel, name, '/none');
    await docker('cp', join(dir, 'status'), `${container}:/var/lib/dpkg/status`);
  });
  afterAll(async () => {
    await docker('rm', '--force', container);
    await docker('rmi', '--force', name);
    rmSync(dir, { recursive: true, force: true });
  });

  it.each([`image:${name}`, name])('%s is the image', async (target) => {
    const sbom = await makeSbomOf(target, context);
    expect(sbom).toMatchObject({
      status: 'succeeded',
      target: { kind: 'image', name },
      packages: [{ name: 'of-image' }],
    });
  });

  it('a container has its changes', async () => {
    const sbom = await makeSbomOf(`container:${container}`, context);
    expect(sbom).toMatchObject({
      status: 'succeeded',
      target: { kind: 'container' },
      packages: [{ name: 'of-container' }],
    });
  });

  it.each(['image:parapet-test/no-such:1', 'container:no-such'])('%s is told in Docker’s words', async (target) => {
    await expect(makeSbomOf(target, context)).rejects.toThrow(/Docker cannot give .*(?:no such|does not exist)/i);
  });
});
