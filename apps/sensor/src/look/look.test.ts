import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LookAnswer, lookLimits } from '@parapet/contract/wire';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createArgumentsReader } from '../proc/arguments-reader.ts';
import { readStartTicks } from '../proc/start-ticks.ts';
import { lookAtProcess } from './look-at-process.ts';
import { createLookDesk } from './look-desk.ts';
import { parseInet, parseUnix } from './open-sockets.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ppt-look-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const argumentsOf = (...argv: string[]) => ({ read: async () => ({ argv, cut: false }), hanging: () => 0 });
const quiet = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

describe('a real process', () => {
  const deps = { procPath: '/proc', arguments: createArgumentsReader('/proc') };

  test('shows the files that it has open, how, which are deleted, and its sockets with their ends', async () => {
    const path = join(folder, 'kept');
    const written = openSync(path, 'w');
    unlinkSync(path);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const startTicks = readStartTicks(process.pid) ?? 0;
    const seen = await lookAtProcess(deps, { pid: process.pid, startTicks });
    closeSync(written);
    const { port } = server.address() as { port: number };
    server.close();
    expect(seen?.files).toContainEqual({ descriptor: written, path, access: 'write', deleted: true });
    expect(seen?.sockets).toContainEqual(
      expect.objectContaining({ protocol: 'tcp', state: 'listening', localAddress: '127.0.0.1', localPort: port }),
    );
    expect(seen).toMatchObject({ id: `${process.pid}:${startTicks}`, workingDirectory: process.cwd(), root: '/' });
    expect(LookAnswer.safeParse({ kind: 'look-answer', lookId: randomUUID(), process: seen }).success).toBe(true);
  });

  test('of which only the pid is the same is not looked at', async () => {
    const startTicks = (readStartTicks(process.pid) ?? 0) + 1;
    expect(await lookAtProcess(deps, { pid: process.pid, startTicks })).toBeUndefined();
  });

  test('keeps the secrets in its arguments and its environment to itself', async () => {
    const child = spawn(
      process.execPath,
      ['-e', 'setInterval(() => {}, 60_000)', '--', '--password', 'hunter2-argument'],
      {
        stdio: 'ignore',
        env: { SECRET_TOKEN: 'hunter2-environment' },
      },
    );
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    const look = () => lookAtProcess(deps, { pid, startTicks: readStartTicks(pid) ?? 0 });
    // On a busy machine the reader of arguments gives up now and then.
    await expect.poll(async () => (await look())?.arguments, { timeout: 60_000 }).toContain('--password');
    const seen = await look();
    child.kill('SIGKILL');
    expect(JSON.stringify(seen)).not.toContain('hunter2');
  });
});

describe('a container', () => {
  const runtimeId = 'a'.repeat(64);
  const makeProcess = (pid: number, cgroup: string): string => {
    const at = join(folder, String(pid));
    mkdirSync(join(at, 'fd'), { recursive: true });
    mkdirSync(join(at, 'net'));
    writeFileSync(join(at, 'stat'), `${pid} (prog (x)) S 1 1 1 0 -1 0 ${'0 '.repeat(12)}77 0 0\n`);
    writeFileSync(join(at, 'cgroup'), `0::${cgroup}\n`);
    writeFileSync(join(at, 'cmdline'), 'prog\0');
    return at;
  };
  const ask = async (target: Parameters<ReturnType<typeof createLookDesk>>[0]['target']): Promise<LookAnswer[]> => {
    const desk = createLookDesk({ procPath: folder, arguments: argumentsOf('prog'), log: quiet });
    const answers: LookAnswer[] = [];
    await new Promise<void>((resolve) => {
      desk({ kind: 'look', lookId: randomUUID(), target }, (answer) => {
        answers.push(answer);
        if (answer.end !== undefined) resolve();
      });
    });
    return answers;
  };

  test('answers with each of its processes and nobody else’s, and says how it ends', async () => {
    makeProcess(11, `/docker/${runtimeId}`);
    makeProcess(12, `/docker/${runtimeId}`);
    makeProcess(13, `/docker/${'b'.repeat(64)}`);
    // A container inside this one is not this one.
    makeProcess(14, `/docker/${runtimeId}/docker/${'c'.repeat(64)}`);
    const answers = await ask({ kind: 'container', runtimeId });
    expect(answers.map(({ process, end }) => process?.pid ?? end)).toEqual([11, 12, { left: 0 }]);
    expect(answers[0]?.process).toMatchObject({ id: '11:77', name: 'prog (x)', arguments: ['prog'] });
  });

  test('without processes, and a process that ended, are told in a sentence', async () => {
    expect(await ask({ kind: 'container', runtimeId })).toMatchObject([
      { end: { problem: 'No process of this container runs.' } },
    ]);
    expect(await ask({ kind: 'process', process: '11:77' })).toMatchObject([
      { end: { problem: 'This process has ended.' } },
    ]);
  });

  test('an answer fits a frame whatever a process has open, and says what it left out', async () => {
    const at = makeProcess(11, `/docker/${runtimeId}`);
    for (let descriptor = 0; descriptor < 150; descriptor += 1)
      symlinkSync(`/${'long\u0001'.repeat(40)}${descriptor}`, join(at, 'fd', String(descriptor)));
    const [first] = await ask({ kind: 'process', process: '11:77' });
    expect(Buffer.byteLength(JSON.stringify(first))).toBeLessThan(lookLimits.processBytes + 1024);
    expect(first?.process?.limits).toEqual([
      expect.stringMatching(/^Only \d+ of its 150 open files and sockets fit\.$/),
    ]);
  });
});

describe('tables of sockets', () => {
  test.each([
    [
      '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0',
      { protocol: 'tcp', state: 'listening', localAddress: '127.0.0.1', localPort: 8080 },
    ],
    [
      '   1: 00000000000000000000000001000000:0016 B80D0120000000000000000007000000:C350 01 00000000:00000000 00:00000000 00000000 0 0 4242 1',
      {
        protocol: 'tcp',
        state: 'established',
        localAddress: '::1',
        localPort: 22,
        remoteAddress: '2001:db8::7',
        remotePort: 50_000,
      },
    ],
    [
      '   2: 0000000000000000FFFF00000100007F:0050 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 4242 1',
      { protocol: 'tcp', state: 'listening', localAddress: '127.0.0.1', localPort: 80 },
    ],
  ])('%s', (line, facts) => expect(parseInet(line, 'tcp')).toEqual({ inode: '4242', facts }));

  test('unix sockets have their path, which may hold spaces, and whether they listen', () => {
    expect(parseUnix('0000000000000000: 00000002 00000000 00010000 0001 01 4242 /run/a b.sock')).toEqual({
      inode: '4242',
      facts: { protocol: 'unix', state: 'listening', path: '/run/a b.sock' },
    });
    expect(parseUnix('0000000000000000: 00000003 00000000 00000000 0001 03 7')).toMatchObject({
      facts: { state: 'established' },
    });
  });

  test.each(['', 'nonsense', '1: x y z', '  0: 0100007F:1F90'])('no socket is made of %j', (line) => {
    expect(parseInet(line, 'tcp')).toBeUndefined();
    expect(parseUnix(line)).toBeUndefined();
  });
});
