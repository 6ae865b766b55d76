import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventAction, TelemetryEvent } from '@parapet/contract/telemetry';
import { describeWith, kernelTypes, root, unifiedHierarchy } from '@parapet/testkit';
import { expect, it, vi } from 'vitest';
import { createKernelWatch } from '../../kernel-watch/kernel-watch.ts';
import { createCollected } from '../testing/collected.ts';
import { createActivityCollector } from './index.ts';

const patience = { timeout: 180_000, interval: 50 };

/**
 * Gives its first thread one name and the only thread of its pool another one, and does all that is told by kinds in the latter, to
 * the start of another program. In a network and with mounts of its own.
 */
const actsInAThread = `
const koffi = require('koffi');
const { spawn } = require('node:child_process');
const { createSocket } = require('node:dgram');
const c = koffi.load(null);
const inThread = (signature) => {
  const called = c.func(signature);
  return (...values) => new Promise((resolve, reject) =>
    called.async(...values, (error, result) => (error ? reject(error) : resolve(result))));
};
const here = process.argv[1];
const address = (port) => Buffer.from([2, 0, port >> 8, port & 255, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
const question = Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 6, ...Buffer.from('thread'), 0, 0, 1, 0, 1]);
c.func('int prctl(int, const char *, long, long, long)')(15, 'first-thread', 0, 0, 0);
const resolver = createSocket('udp4').on('message', (message, from) => {
  message[2] = 0x81;
  resolver.send(message, from.port, from.address, () => resolver.close());
});
const act = async () => {
  const [socket, bind, listen, connect, close] = [
    'int socket(int, int, int)', 'int bind(int, const uint8_t *, int)', 'int listen(int, int)',
    'int connect(int, const uint8_t *, int)', 'int close(int)',
  ].map(inThread);
  const sendto = inThread('long sendto(int, const uint8_t *, size_t, int, const uint8_t *, int)');
  await inThread('int prctl(int, const char *, long, long, long)')(15, 'odd-thread', 0, 0, 0);
  const [server, client, datagrams] = [await socket(2, 1, 0), await socket(2, 1, 0), await socket(2, 2, 0)];
  await bind(server, address(7071), 16);
  await listen(server, 1);
  await connect(client, address(7071), 16);
  await close(client);
  await sendto(datagrams, question, question.length, 0, address(53), 16);
  await inThread('long syscall(long, long, long, long)')({ x64: 119, arm64: 149 }[process.arch], 7, 7, 7);
  await inThread('int mount(const char *, const char *, const char *, unsigned long, void *)')('by-thread', here, 'tmpfs', 0, null);
  const traced = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
  await inThread('long ptrace(long, long, long, long)')(0x4206, traced.pid, 0, 0);
  traced.kill('SIGKILL');
  await inThread('int execve(const char *, const char **, const char **)')('/bin/true', ['/bin/true', null], [null]);
};
resolver.bind(53, '127.0.0.1', act);
`;

describeWith([root, kernelTypes, unifiedHierarchy], 'what a thread with a name of its own does', () => {
  it('is told in the name of its process, and with the name of the thread', async () => {
    const collected = createCollected();
    const collector = createActivityCollector(
      createKernelWatch({ cpuCores: undefined }),
      { begin: () => {} },
      () => {},
    );
    const running = await collector.start(collected.context);
    const folder = mkdtempSync(join(tmpdir(), 'activity-threads-'));
    const shell = 'ip link set lo up && exec "$0" -e "$1" "$2"';
    const child = spawnSync(
      'unshare',
      ['--net', '--mount', '/bin/sh', '-c', shell, process.execPath, actsInAThread, folder],
      { cwd: import.meta.dirname, env: { ...process.env, UV_THREADPOOL_SIZE: '1' }, encoding: 'utf8' },
    );
    expect(child).toMatchObject({ status: 0, stderr: '' });
    const told = (action: EventAction, where: (event: TelemetryEvent) => boolean = () => true) =>
      collected.telemetry.events
        .filter((event) => event['event.action'] === action && event['process.pid'] === child.pid && where(event))
        .map((event) => [event['process.name'], event['process.thread.name']]);
    const byThread = ['first-thread', 'odd-thread'];
    await vi.waitFor(() => {
      expect(told('listen')).toEqual([byThread]);
      expect(told('connect')).toEqual([byThread]);
      expect(told('flow', (event) => event['network.direction'] === 'egress')).toEqual([byThread]);
      // In the name of who listens, whichever thread takes it.
      expect(told('accept')).toEqual([['first-thread', undefined]]);
      expect(told('datagram', (event) => event['network.direction'] === 'egress')[0]).toEqual(byThread);
      expect(told('dns-query')).toEqual([byThread]);
      expect(told('privilege-change', (event) => event['user.group.id'] === 7)[0]).toEqual(byThread);
      expect(told('mount', (event) => event['parapet.mount.source'] === 'by-thread')).toEqual([byThread]);
      expect(told('ptrace')).toEqual([byThread]);
      expect(told('exec', (event) => event['process.args_count'] === 1)).toEqual([['true', undefined]]);
      expect(told('exit')).toEqual([['true', undefined]]);
    }, patience);
    await running.stop();
    rmSync(folder, { recursive: true });
    const account = collected.telemetry.accounts.at(-1);
    const lost = account?.lost.reduce((sum, { count }) => sum + count, 0) ?? 0;
    expect(account?.produced).toBe((account?.told ?? 0) + (account?.unwanted ?? 0) + lost);
  });
});
