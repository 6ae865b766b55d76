import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createScratch } from '../testing/scratch.ts';
import { type DownloadLimits, type DownloadRequest, download, type FeedFetch, type FeedResponse } from './download.ts';

type Reply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: readonly string[];
  readonly breaks?: boolean;
};

const limits: DownloadLimits = { attempts: 3, retryDelayMs: 0, maxRetryAfterMs: 1000, idleTimeoutMs: 5000 };

/** Answers with one reply after the other, the last for ever. */
const fetchOf = (...replies: readonly (Reply | Error)[]) => {
  const asked: Readonly<Record<string, string>>[] = [];
  const fetch: FeedFetch = async (_url, { headers }): Promise<FeedResponse> => {
    const reply = replies[Math.min(asked.length, replies.length - 1)];
    asked.push(headers);
    if (reply === undefined || reply instanceof Error) throw reply ?? new Error('no reply');
    return {
      status: reply.status,
      headers: { get: (name) => reply.headers?.[name] ?? null },
      body: (async function* () {
        for (const chunk of reply.body ?? []) yield Buffer.from(chunk);
        if (reply.breaks === true) throw new Error('connection reset');
      })(),
    };
  };
  return { fetch, asked };
};

const run = async (replies: readonly (Reply | Error)[], request: Partial<DownloadRequest> = {}) => {
  using scratch = createScratch();
  const path = join(scratch.folder, 'file');
  const { fetch, asked } = fetchOf(...replies);
  const outcome = await download(
    fetch,
    { url: 'https://x/file', path, maxBytes: 100, validators: {}, ...request },
    limits,
    new AbortController().signal,
  );
  const content = outcome.ok && outcome.value.kind === 'new' ? readFileSync(path, 'utf8') : undefined;
  return { outcome, asked, content };
};

describe('download', () => {
  it('writes the file and says what it is', async () => {
    const { outcome, content, asked } = await run([
      { status: 200, headers: { etag: '"1"', 'last-modified': 'Mon', 'content-length': '6' }, body: ['abc', 'def'] },
    ]);
    expect(outcome).toMatchObject({
      value: {
        kind: 'new',
        sizeBytes: 6,
        etag: '"1"',
        lastModified: 'Mon',
        sha256: createHash('sha256').update('abcdef').digest('hex'),
      },
    });
    expect(content).toBe('abcdef');
    expect(asked[0]).toMatchObject({ 'accept-encoding': 'identity' });
  });

  it('asks with what the server said last', async () => {
    const { outcome, asked } = await run([{ status: 304 }], { validators: { etag: '"1"', lastModified: 'Mon' } });
    expect(outcome).toEqual({ ok: true, value: { kind: 'unchanged' } });
    expect(asked[0]).toMatchObject({ 'if-none-match': '"1"', 'if-modified-since': 'Mon' });
  });

  it('begins anew after a cut, without the bytes of before', async () => {
    const { content, asked } = await run([
      { status: 200, body: ['abcdefghij'], breaks: true },
      { status: 200, headers: { 'content-length': '6' }, body: ['abc'] },
      { status: 200, body: ['xyz'] },
    ]);
    expect(asked).toHaveLength(3);
    expect(content).toBe('xyz');
  });

  it.each([
    ['more than allowed', [{ status: 200, body: ['x'.repeat(101)] }], 'too-large', 1],
    ['more than allowed by its own word', [{ status: 200, headers: { 'content-length': '101' } }], 'too-large', 1],
    ['not found', [{ status: 404 }], 'http-status', 1],
    ['forbidden', [{ status: 403 }], 'http-status', 1],
    ['an error of the server', [{ status: 502 }], 'http-status', 3],
    ['no connection', [new Error('refused')], 'unreachable', 3],
    ['always cut', [{ status: 200, headers: { 'content-length': '10' }, body: ['abc'] }], 'truncated', 3],
    ['busy for an hour', [{ status: 429, headers: { 'retry-after': '3600' } }], 'http-status', 1],
    ['busy for ever', [{ status: 503, headers: { 'retry-after': '0' } }], 'http-status', 3],
    ['busy until some odd time', [{ status: 429, headers: { 'retry-after': 'soon' } }], 'http-status', 3],
  ] as const)('gives up: %s', async (_name, replies, code, attempts) => {
    const { outcome, asked } = await run(replies);
    expect(outcome).toMatchObject({ ok: false, error: { code, at: 'https://x/file' } });
    expect(asked).toHaveLength(attempts);
  });

  it('names what really failed, not the wrapper', async () => {
    const { outcome } = await run([new TypeError('fetch failed', { cause: new Error('getaddrinfo ENOTFOUND x') })]);
    expect(outcome).toMatchObject({ error: { message: expect.stringContaining('ENOTFOUND') } });
  });

  it('stops at once when asked, also while it waits', async () => {
    const controller = new AbortController();
    const { fetch } = fetchOf({ status: 429, headers: { 'retry-after': '1' } });
    const running = download(
      fetch,
      { url: 'x', path: '/nowhere', maxBytes: 1, validators: {} },
      limits,
      controller.signal,
    );
    controller.abort(new Error('enough'));
    await expect(running).rejects.toThrow();
  });
});
