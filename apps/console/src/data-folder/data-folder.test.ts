import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openDataFolder } from './data-folder.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ppt-data-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

test('makes private folders and remembers the version', async () => {
  await using folder = await openDataFolder(join(root, 'new'), '0.1.0');
  expect((await stat(folder.keysDir)).mode & 0o777).toBe(0o700);
  expect(JSON.parse(await readFile(join(folder.root, 'version.json'), 'utf8'))).toEqual({
    format: 1,
    version: '0.1.0',
  });
});

test('serves one process at a time', async () => {
  const first = await openDataFolder(root, '0.1.0');
  await expect(openDataFolder(root, '0.1.0')).rejects.toThrow(/Another Parapet console \(process \d+\) uses/);
  await first[Symbol.asyncDispose]();
  await using _again = await openDataFolder(root, '0.1.0');
});

test('throws away what a killed console was being sent, but not what a living one is', async () => {
  const first = await openDataFolder(root, '0.1.0');
  const upload = join(first.temporaryDir, 'bundle-half');
  await writeFile(upload, 'the beginning');
  await expect(openDataFolder(root, '0.1.0')).rejects.toThrow(/Another Parapet console/);
  expect(await readFile(upload, 'utf8')).toBe('the beginning');
  await first[Symbol.asyncDispose]();
  await using _next = await openDataFolder(root, '0.1.0');
  await expect(stat(upload)).rejects.toThrow('ENOENT');
});

test('a lock left by a killed process is taken over, whoever has its pid now', async () => {
  const child = spawn('sleep', ['60']);
  const pid = child.pid ?? 0;
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  await writeFile(join(root, 'lock'), JSON.stringify({ pid, startTicks: '1', bootId, nonce: 'n' }));
  await using _folder = await openDataFolder(root, '0.1.0');
  child.kill('SIGKILL');
  await once(child, 'exit');
});

test('a lock of a killed process that nobody asked for its exit code is taken over', async () => {
  // What the shell becomes never waits for a child, which therefore stays a zombie; the shell itself might.
  const shell = spawn('/bin/sh', ['-c', 'sleep 600 & echo $!; exec sleep 600']);
  try {
    const pid = await new Promise<number>((resolve) =>
      shell.stdout.once('data', (chunk) => resolve(Number(String(chunk)))),
    );
    const stat = (): string => readFileSync(`/proc/${pid}/stat`, 'utf8');
    const became = (): string => readFileSync(`/proc/${shell.pid}/comm`, 'utf8');
    await vi.waitFor(() => expect(became()).toBe('sleep\n'), { timeout: 60_000 });
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(stat()).toMatch(/\) Z /), { timeout: 60_000 });
    const startTicks = stat()
      .slice(stat().lastIndexOf(')') + 2)
      .split(' ')[19];
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    await writeFile(join(root, 'lock'), JSON.stringify({ pid, startTicks, bootId, nonce: 'n' }));
    await using folder = await openDataFolder(root, '0.1.0');
    expect(folder.root).toBe(root);
  } finally {
    shell.kill('SIGKILL');
  }
});

test('of many that find a stale lock exactly one wins', async () => {
  await writeFile(join(root, 'lock'), 'torn');
  const outcomes = await Promise.allSettled(Array.from({ length: 16 }, () => openDataFolder(root, '0.1.0')));
  const won = outcomes.filter((outcome) => outcome.status === 'fulfilled');
  expect(won).toHaveLength(1);
  await won[0]?.value[Symbol.asyncDispose]();
});

test('a console in another pid namespace is recognised by its control socket', async () => {
  const first = await openDataFolder(root, '0.1.0');
  await first[Symbol.asyncDispose]();
  await writeFile(join(root, 'lock'), JSON.stringify({ pid: 1, startTicks: '1', bootId: 'x', nonce: 'n' }));
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(join(root, 'run', 'control.sock'), resolve));
  await expect(openDataFolder(root, '0.1.0')).rejects.toThrow('Another Parapet console');
  await new Promise((resolve) => server.close(resolve));
});

test('a folder of a newer program is refused and the program named', async () => {
  await writeFile(join(root, 'version.json'), JSON.stringify({ format: 2, version: '3.4.5' }));
  await expect(openDataFolder(root, '0.1.0')).rejects.toThrow(/written by Parapet 3\.4\.5, which is newer/);
  await writeFile(join(root, 'version.json'), JSON.stringify({ format: 1, version: '0.0.9' }));
  await using _folder = await openDataFolder(root, '0.1.0');
});

test('a folder that cannot be made is a plain sentence', async () => {
  await writeFile(join(root, 'file'), '');
  await expect(openDataFolder(join(root, 'file', 'below'), '0.1.0')).rejects.toThrow(/cannot be used: .*--data-dir/);
});
