import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { Sbom } from '@parapet/contract';
import { describeWith, root } from '@parapet/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createScanRunner } from './scan-runner.ts';

const entry = join(import.meta.dirname, '..', 'main.ts');
const scan = createScanRunner(entry);
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-scan-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const jobOf = (root: string) => ({
  target: { kind: 'host', name: 'test' } as const,
  source: { kind: 'folders' as const, folders: [root] },
  outputPath: join(folder, 'document.zst'),
});
const generous = { timeoutMs: 120_000, signal: new AbortController().signal };

describe('a scan in a process of its own', () => {
  it('writes the compressed SBOM of a root', async () => {
    const root = join(folder, 'root');
    await mkdir(join(root, 'var/lib/dpkg'), { recursive: true });
    await mkdir(join(root, 'etc'), { recursive: true });
    await writeFile(join(root, 'etc/os-release'), 'ID=debian\nVERSION_ID="12"\n');
    await writeFile(
      join(root, 'var/lib/dpkg/status'),
      'Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.11-1\n\n',
    );
    const outcome = await scan(jobOf(root), generous);
    expect(outcome).toMatchObject({ kind: 'done', summary: '1 packages, succeeded' });
    const document = await readFile(join(folder, 'document.zst'));
    if (outcome.kind !== 'done') return;
    expect(createHash('sha256').update(document).digest('hex')).toBe(outcome.sha256);
    expect(document.length).toBe(outcome.sizeBytes);
    const sbom = Sbom.parse(JSON.parse(zstdDecompressSync(document).toString('utf8')));
    expect(sbom.packages[0]).toMatchObject({ name: 'openssl', version: '3.0.11-1' });
  });

  it('fails with a sentence when the root is not there', async () => {
    expect(await scan(jobOf(join(folder, 'nothing')), generous)).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('could not be opened'),
    });
  });

  it('is ended at its deadline and when it is cancelled', async () => {
    const job = jobOf('/');
    expect(await scan(job, { ...generous, timeoutMs: 1 })).toMatchObject({
      message: expect.stringContaining('deadline'),
    });
    const cancel = new AbortController();
    const running = scan(job, { ...generous, signal: cancel.signal });
    cancel.abort();
    expect(await running).toMatchObject({ message: expect.stringContaining('cancelled') });
  });

  it('says so when the child dies', async () => {
    const broken = createScanRunner(join(folder, 'no-such-program.js'));
    expect(await broken(jobOf('/'), generous)).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('without a result'),
    });
  });
});

describeWith([root], 'a scan of a host', () => {
  it('reads none of the file systems of others that are mounted below', async () => {
    const host = join(folder, 'host');
    const lock = JSON.stringify({ lockfileVersion: 3, packages: { 'node_modules/left-pad': { version: '1.3.0' } } });
    for (const place of ['srv/own', 'srv/other']) await mkdir(join(host, place), { recursive: true });
    // As good as a network's: it holds no files of the host's own.
    execFileSync('mount', ['-t', 'ramfs', 'ramfs', join(host, 'srv/other')]);
    try {
      for (const place of ['srv/own', 'srv/other']) await writeFile(join(host, place, 'package-lock.json'), lock);
      expect(await scan(jobOf(host), generous)).toMatchObject({ kind: 'done', summary: '1 packages, succeeded' });
    } finally {
      execFileSync('umount', [join(host, 'srv/other')]);
    }
    const document = zstdDecompressSync(await readFile(join(folder, 'document.zst'))).toString('utf8');
    expect(Sbom.parse(JSON.parse(document)).packages[0]?.location).toBe('/srv/own/package-lock.json');
  });
});
