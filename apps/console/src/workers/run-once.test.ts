import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail, ok, problem } from '@parapet/core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type OneJob, runOnce } from './run-once.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-workers-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;

/** A worker of these sources, which has `job` in hand. */
const run = (source: string, more: Partial<OneJob<unknown>> = {}) => {
  const name = `worker-${Math.random().toString(16).slice(2)}`;
  writeFileSync(join(folder, `${name}.ts`), `process.once('message', (job: any) => { ${source} });`);
  return runOnce<unknown>({
    ...{ beside: pathToFileURL(join(folder, 'builder.ts')).href, name, heapMegabytes: 64 },
    ...{ job: { asked: 1 }, what: 'The test', timeoutMs: 60_000, signal: never },
    onMessage: (message) => (message === 'no' ? fail(problem('refused', 'no')) : ok(message)),
    ...more,
  });
};

test('the last thing that a worker says is the outcome', async () => {
  const answer = 'process.send?.({ asked: job.asked }, undefined, undefined, () => process.exit(0));';
  expect(await run(`process.send?.('no'); ${answer}`)).toEqual(ok({ asked: 1 }));
  expect(await run("process.send?.('no', undefined, undefined, () => process.exit(0));")).toEqual(
    fail(problem('refused', 'no')),
  );
});

test('a worker that dies, hangs or is stopped is told in words', async () => {
  expect(await run("process.kill(process.pid, 'SIGKILL')")).toMatchObject({
    error: { code: 'worker-died', message: 'The test ended unexpectedly; there may be too little memory or disk.' },
  });
  expect(await run('setInterval(() => {}, 1000)', { timeoutMs: 50 })).toMatchObject({
    error: { code: 'worker-stopped', message: 'The test took too long and was stopped.' },
  });
  const stop = new AbortController();
  const stopped = run("setInterval(() => {}, 1000); process.send?.('begun');", {
    signal: stop.signal,
    onMessage: () => {
      stop.abort();
      return undefined;
    },
  });
  expect(await stopped).toMatchObject({ error: { message: 'The test was stopped.' } });
  expect(await run('', { signal: AbortSignal.abort() })).toMatchObject({ error: { code: 'worker-stopped' } });
});

test('a worker sees the variables it is passed and no others', async () => {
  vi.stubEnv('PARAPET_BACKUP_PASSPHRASE', 'secret').stubEnv('HTTPS_PROXY', 'http://proxy');
  const tell = 'process.send?.(Object.keys(process.env), undefined, undefined, () => process.exit(0));';
  const seen = await run(tell, { passes: /^HTTPS_PROXY$/ });
  vi.unstubAllEnvs();
  expect(seen.ok && seen.value).toContain('HTTPS_PROXY');
  expect(seen.ok && seen.value).not.toContain('PARAPET_BACKUP_PASSPHRASE');
});
