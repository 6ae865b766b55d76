import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createDockerApi } from './docker-api.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-docker-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('says of a socket that is not there what the system would say, until there is one', async () => {
  const socketPath = join(folder, 'docker.sock');
  const api = createDockerApi(socketPath);
  const follow = () =>
    api.events({
      sinceNano: undefined,
      onOpen: () => {},
      onEvent: () => {},
      onUnreadable: () => {},
      signal: new AbortController().signal,
    });
  expect((await follow()).code).toBe('enoent');
  expect(await api.version()).toMatchObject({ ok: false, error: { code: 'enoent' } });
  const server = createServer((_request, response) =>
    response.end(JSON.stringify({ Version: '1', ApiVersion: '1', MinAPIVersion: '1' })),
  );
  await new Promise<void>((resolve) => {
    server.listen(socketPath, resolve);
  });
  expect(await api.version()).toMatchObject({ ok: true, value: { Version: '1' } });
  await new Promise((resolve) => {
    server.close(resolve);
  });
});

it('asks where something is in its place, which says why it cannot be', async () => {
  expect((await createDockerApi(folder).version()).ok).toBe(false);
  const notThere = createDockerApi(join(folder, 'docker.sock'));
  expect(await notThere.containers()).toMatchObject({ ok: false, error: { code: 'enoent' } });
});
