import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../logging/log.ts';
import type { SensorPackage } from './delivery-job.ts';
import { createDownloads, rangeOf } from './downloads.ts';

const content = Buffer.from('0123456789');
const sha256 = 'a'.repeat(64);
const found: SensorPackage = {
  ...{
    kind: 'archive',
    architecture: 'x64',
    version: '1.0.0',
    id: '0123456789ab',
    sha256,
    sizeBytes: 10,
    contentBytes: 30,
  },
};

describe('downloads', () => {
  let server: Server;
  let url: string;
  const stalled = new Set<PassThrough>();
  let stall = false;
  beforeEach(async () => {
    stall = false;
    const downloads = createDownloads({
      packages: {
        find: (asked) => (asked === sha256 ? found : undefined),
        read: (_sha256, { from, to } = { from: 0, to: 9 }) => {
          if (!stall) return Readable.from([content.subarray(from, to + 1)]);
          const stream = new PassThrough();
          stream.write(content.subarray(0, 1));
          stalled.add(stream);
          return stream;
        },
      },
      scripts: { find: async (beginning) => (beginning === 'b'.repeat(16) ? '#!/bin/sh\n' : undefined) },
      log: silentLog,
      limits: { atOnce: 3, atOncePerAsker: 2 },
    });
    server = createServer((request, response) => {
      void downloads.answer(request, response, String(request.headers['x-asker'] ?? 'one'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    for (const stream of stalled) stream.end();
    stalled.clear();
    server.closeAllConnections();
    server.close();
  });
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${url}${path}`, { headers, method });
  const archivePath = `/sensor/packages/${sha256}.tar.gz`;

  it('sends a package whole, by range, and its size alone', async () => {
    const whole = await get(archivePath);
    expect([whole.status, await whole.text(), whole.headers.get('etag')]).toEqual([200, '0123456789', `"${sha256}"`]);
    const part = await get(archivePath, { range: 'bytes=2-4' });
    expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([206, '234', 'bytes 2-4/10']);
    const beyond = await get(archivePath, { range: 'bytes=10-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */10']);
    const head = await get(archivePath, {}, 'HEAD');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', '']);
  });

  it.each([
    `/sensor/packages/${'c'.repeat(64)}.tar.gz`,
    '/sensor/packages/..%2f..%2fkeys.tar.gz',
    `/sensor/packages/${sha256}`,
    '/sensor/install/0123456789abcdef.sh',
    '/sensor/install/../../etc/passwd',
  ])('says that there is no %s', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('Add a host');
  });

  it('sends scripts that were handed out', async () => {
    const answer = await get(`/sensor/install/${'b'.repeat(16)}.sh`);
    expect([answer.status, await answer.text()]).toEqual([200, '#!/bin/sh\n']);
  });

  it('lets one address have so many at once, and all so many', async () => {
    stall = true;
    const first = await Promise.all([get(archivePath), get(archivePath)]);
    const refused = await get(archivePath);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await get(archivePath, { 'x-asker': 'two' })).status).toBe(200);
    expect((await get(archivePath, { 'x-asker': 'three' })).status).toBe(503);
    for (const stream of stalled) stream.end(content.subarray(1));
    expect(await Promise.all(first.map((each) => each.text()))).toEqual(['0123456789', '0123456789']);
    stall = false;
    expect((await get(archivePath)).status).toBe(200);
  });
});

describe('rangeOf', () => {
  it.each([
    [undefined, undefined],
    ['bytes=0-0', { from: 0, to: 0 }],
    ['bytes=5-', { from: 5, to: 9 }],
    ['bytes=-3', { from: 7, to: 9 }],
    ['bytes=-30', { from: 0, to: 9 }],
    ['bytes=0-99', { from: 0, to: 9 }],
    ['bytes=9-3', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    ['bytes=-', undefined],
    ['bytes=0-1,3-4', undefined],
    ['lines=0-1', undefined],
    ['bytes=99999999999999999999-', undefined],
  ])('%s', (header, range) => {
    expect(rangeOf(header, 10)).toEqual(range);
  });
});
