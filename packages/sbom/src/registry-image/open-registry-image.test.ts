import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createSbom } from '../create-sbom.ts';
import { tarOf } from '../testing/tar.ts';
import type { RegistryFetch, RegistryResponse } from './client.ts';
import type { RegistryCredentials } from './credentials.ts';
import { openRegistryImage } from './open-registry-image.ts';
import { parseImageReference } from './reference.ts';

const digestOf = (content: Buffer | string): string => `sha256:${createHash('sha256').update(content).digest('hex')}`;
const status = 'Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n';
const layer = gzipSync(tarOf([{ path: 'var/lib/dpkg/status', content: status }]));
const config = Buffer.from('{"os":"linux","architecture":"amd64","rootfs":{"diff_ids":[]}}');
const manifest = Buffer.from(
  JSON.stringify({ schemaVersion: 2, config: { digest: digestOf(config) }, layers: [{ digest: digestOf(layer) }] }),
);
const index = Buffer.from(
  JSON.stringify({
    manifests: [
      { digest: digestOf('attestation'), platform: { os: 'unknown', architecture: 'unknown' } },
      { digest: digestOf(manifest), platform: { os: 'linux', architecture: 'amd64' } },
    ],
  }),
);

type Asked = { readonly url: string; readonly authorization: string | undefined; readonly range: string | undefined };
type Answer = {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
  readonly breakAt?: number;
};

const responseOf = ({
  status: code = 200,
  headers = {},
  body = Buffer.alloc(0),
  breakAt,
}: Answer): RegistryResponse => ({
  status: code,
  headers: { get: (name) => headers[name] ?? null },
  body: (async function* () {
    yield body.subarray(0, breakAt);
    if (breakAt !== undefined) throw new Error('connection reset');
  })(),
});

const blobs: ReadonlyMap<string, Buffer> = new Map(
  [layer, config].map((content) => [`https://r.example/v2/app/blobs/${digestOf(content)}`, content] as const),
);
const plain = (url: string): Answer => {
  if (url.endsWith('/manifests/1')) return { body: index };
  if (url.endsWith(`/manifests/${digestOf(manifest)}`)) return { body: manifest };
  const body = blobs.get(url);
  return body === undefined ? { status: 404 } : { body };
};

/** A registry whose answers a test bends; what it was asked is kept. */
const open = async (bend: (asked: Asked) => Answer | undefined, credentials?: RegistryCredentials) => {
  const asked: Asked[] = [];
  const fetch: RegistryFetch = async (url, { headers }) => {
    const one = { url, authorization: headers['authorization'], range: headers['range'] };
    asked.push(one);
    return responseOf(bend(one) ?? plain(url));
  };
  const reference = parseImageReference('r.example/app:1');
  if (!reference.ok) throw new Error(reference.error.message);
  const { signal } = new AbortController();
  const opened = await openRegistryImage({ reference: reference.value, credentials, fetch, signal, retryAfterMs: 0 });
  return { opened, asked };
};
const namesOf = async ({ opened }: Awaited<ReturnType<typeof open>>): Promise<string[]> => {
  if (!opened.ok) throw new Error(opened.error.message);
  const sbom = await createSbom({ target: { kind: 'image', name: 'x' }, ...opened.value });
  return sbom.packages.map(({ name }) => name);
};
const isLayer = ({ url }: Asked): boolean => url.endsWith(digestOf(layer));
const user = { kind: 'basic', user: 'u', password: 'p' } as const;
const userHeader = `Basic ${Buffer.from('u:p').toString('base64')}`;

describe('an image of a registry', () => {
  it('is found through the index and read', async () => {
    expect(await namesOf(await open(() => undefined))).toEqual(['a']);
  });

  it('is authorized at the token service that the registry names', async () => {
    const challenge = 'Bearer realm="https://auth.example/token",service="r",scope="x"';
    const session = await open((one) => {
      if (one.url.startsWith('https://auth.example/')) return { body: Buffer.from('{"token":"abc"}') };
      return one.authorization === 'Bearer abc'
        ? undefined
        : { status: 401, headers: { 'www-authenticate': challenge } };
    }, user);
    expect(await namesOf(session)).toEqual(['a']);
    const token = session.asked.filter(({ url }) => url.startsWith('https://auth.example/'));
    expect(token).toMatchObject([
      { url: 'https://auth.example/token?service=r&scope=repository%3Aapp%3Apull', authorization: userHeader },
    ]);
  });

  it('is redirected to storage that sees no credentials', async () => {
    const session = await open((one) => {
      if (one.url.startsWith('https://storage.example/')) return { body: layer };
      if (one.authorization === undefined) return { status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } };
      return isLayer(one) ? { status: 307, headers: { location: 'https://storage.example/x' } } : undefined;
    }, user);
    expect(await namesOf(session)).toEqual(['a']);
    const atStorage = session.asked.filter(({ url }) => url.startsWith('https://storage.example/'));
    expect(atStorage).toMatchObject([{ authorization: undefined }]);
    expect(session.asked.some(({ authorization }) => authorization === userHeader)).toBe(true);
  });

  it.each(['http://storage.example/x', 'file:///etc/passwd'])('follows no redirect to %s', async (location) => {
    const { opened } = await open((one) => (isLayer(one) ? { status: 302, headers: { location } } : undefined));
    expect(opened).toMatchObject({ ok: false, error: { message: expect.stringContaining('not followed') } });
  });

  it('sends no password to a token service without TLS', async () => {
    const challenge = 'Bearer realm="http://auth.example/token"';
    const asking = open(() => ({ status: 401, headers: { 'www-authenticate': challenge } }), user);
    await expect(asking).rejects.toThrow('no token service that can be trusted');
  });

  it('takes a layer up where the connection broke', async () => {
    const session = await open((one) => {
      if (!isLayer(one)) return undefined;
      if (one.range === undefined) return { body: layer, breakAt: 40 };
      return { status: 206, body: layer.subarray(Number(/=(\d+)-/.exec(one.range)?.[1])) };
    });
    expect(await namesOf(session)).toEqual(['a']);
    expect(session.asked.filter(isLayer).map(({ range }) => range)).toEqual([undefined, 'bytes=40-']);
  });

  it('passes over what it has when the registry knows no ranges', async () => {
    const session = await open((one) =>
      isLayer(one) && one.range === undefined ? { body: layer, breakAt: 40 } : undefined,
    );
    expect(await namesOf(session)).toEqual(['a']);
  });

  it('asks again when the registry is busy', async () => {
    let busy = 2;
    expect(await namesOf(await open(() => (busy-- > 0 ? { status: 503 } : undefined)))).toEqual(['a']);
  });

  it.each([
    ['layer', isLayer],
    ['configuration', ({ url }: Asked) => url.endsWith(digestOf(config))],
    ['manifest', ({ url }: Asked) => url.endsWith(digestOf(manifest))],
  ])('with another %s than its digest says is refused', async (_, isIt) => {
    const other = gzipSync(tarOf([{ path: 'var/lib/dpkg/status', content: status.replace('a', 'b') }]));
    const { opened } = await open((one) => (isIt(one) ? { body: other } : undefined));
    expect(opened).toMatchObject({ ok: false, error: { message: expect.stringMatching(/tampered/) } });
  });

  it.each([
    [404, 'Is the tag right?'],
    [403, 'has none. Log in: docker login r.example'],
    [429, 'asked too often'],
    [500, 'answers with 500'],
  ])('that answers %d says what to do', async (code, message) => {
    await expect(open(() => ({ status: code }))).rejects.toThrow(message);
  });

  it('that redirects without end is left', async () => {
    const asking = open(({ url }) => ({ status: 302, headers: { location: `${url}x` } }));
    await expect(asking).rejects.toThrow('more than 5 times');
  });
});
