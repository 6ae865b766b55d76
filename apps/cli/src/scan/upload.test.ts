import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Sbom } from '@parapet/contract';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readUploadTarget, uploadScan } from './upload.ts';

const sbom: Sbom = {
  format: 'parapet-sbom/1',
  status: 'succeeded',
  target: { kind: 'directory', name: '/srv/shop' },
  createdAt: '2026-11-28T10:00:00.000Z',
  packages: [],
  problems: [],
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parapet-upload-'));
  for (const name of ['PARAPET_TOKEN', 'PARAPET_TOKEN_FILE', 'PARAPET_TLS_CA']) vi.stubEnv(name, '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dir, { recursive: true, force: true });
});

describe('where a scan goes', () => {
  test.each([
    'ftp://console.example',
    'http://console.example',
    'console.example',
    'https://token@console.example',
    'https://console.example/?token=x',
  ])('is not %s', async (upload) => {
    vi.stubEnv('PARAPET_TOKEN', 'secret');
    await expect(readUploadTarget({ upload, label: [] })).rejects.toMatchObject({ code: 'usage' });
  });

  test('needs a token, of a file before the environment', async () => {
    const upload = 'https://console.example/parapet/';
    await expect(readUploadTarget({ upload, label: [] })).rejects.toThrow('PARAPET_TOKEN');
    vi.stubEnv('PARAPET_TOKEN', 'of the environment'.replaceAll(' ', '-'));
    expect(await readUploadTarget({ upload, label: ['team=shop'] })).toMatchObject({
      consoleUrl: 'https://console.example/parapet',
      token: 'of-the-environment',
      labels: ['team=shop'],
    });
    const tokenFile = join(dir, 'token');
    await writeFile(tokenFile, 'of-the-file\n');
    expect(await readUploadTarget({ upload, tokenFile, label: [] })).toMatchObject({ token: 'of-the-file' });
  });

  test('is named by --upload, and labels are name=value', async () => {
    expect(await readUploadTarget({ label: [] })).toBeUndefined();
    await expect(readUploadTarget({ label: ['team=shop'] })).rejects.toThrow('--upload');
    vi.stubEnv('PARAPET_TOKEN', 'secret');
    const upload = 'https://console.example';
    await expect(readUploadTarget({ upload, label: ['team'] })).rejects.toThrow('--label');
  });
});

describe('an upload', () => {
  const stored = {
    asset: { id: '3b241101-e2bb-4255-8caf-4136c566a962', kind: 'upload', name: '/srv/shop' },
    outcome: 'shown',
    status: 'succeeded',
    packages: 0,
  };

  const withConsole = async (
    handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
    work: (consoleUrl: string) => Promise<void>,
  ): Promise<void> => {
    const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  };
  const answer = (response: ServerResponse, status: number, body: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const send = (consoleUrl: string) =>
    uploadScan(
      sbom,
      { consoleUrl, token: 'secret', authorities: undefined, labels: ['team=shop', 'stage=test'] },
      new AbortController().signal,
    );

  test('carries the scan, its labels and the token', async () => {
    const seen: unknown[] = [];
    await withConsole(
      async (request, response) => {
        seen.push(request.method, request.url, request.headers.authorization, JSON.parse(await text(request)));
        answer(response, 200, stored);
      },
      async (url) => {
        expect(await send(url)).toEqual(stored);
      },
    );
    expect(seen).toEqual(['POST', '/api/v1/scans/upload?labels=team%3Dshop%2Cstage%3Dtest', 'Bearer secret', sbom]);
  });

  test.each([
    [401, 'does not know the token'],
    [403, 'scans:write'],
    [404, 'no console of this version'],
    [400, 'said by the console'],
  ])('that is answered %s says what to do', async (status, words) => {
    const error = { code: 'refused', message: 'This was said by the console.', requestId: '1' };
    await withConsole(
      async (request, response) => {
        await text(request);
        answer(response, status, { error });
      },
      async (url) => {
        await expect(send(url)).rejects.toThrow(words);
      },
    );
  });

  test('takes the token to no other place', async () => {
    let asked = 0;
    await withConsole(
      async (request, response) => {
        await text(request);
        asked += 1;
        response.writeHead(307, { location: '/elsewhere' }).end();
      },
      async (url) => {
        await expect(send(url)).rejects.toThrow('was not uploaded');
      },
    );
    expect(asked).toBe(1);
  });

  test('to nobody says so', async () => {
    await expect(send('http://127.0.0.1:1')).rejects.toThrow('does not answer');
  });
});
