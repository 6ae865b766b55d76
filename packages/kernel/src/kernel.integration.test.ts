import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync, readlinkSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { describeWith, eventually, programOf, root } from '@parapet/testkit';
import { describe, expect, it } from 'vitest';
import { openFlowTracking } from './flow-tracking.ts';
import { openNetworkNamespace } from './network-namespace.ts';
import { createProcessEvents, type ProcessEventsOptions } from './process-events.ts';
import type { SocketRow } from './socket-row.ts';
import { listInterfaceAddresses, openSocketEnds, openSocketTable } from './socket-table.ts';

type Told = { execs: number; exits: number[]; forks: number; lost: number; overruns: { counted: boolean }[] };

const listen = (options: Partial<ProcessEventsOptions>) => {
  const told: Told = { execs: 0, exits: [], forks: 0, lost: 0, overruns: [] };
  const opened = createProcessEvents({
    onExec: () => {
      told.execs += 1;
    },
    onFork: () => {
      told.forks += 1;
    },
    onExit: (exit) => told.exits.push(exit.exitCode),
    onLost: (events) => {
      told.lost += events;
    },
    onOverrun: (overrun) => told.overruns.push(overrun),
    onFailed: (cause) => {
      throw new Error(cause);
    },
    // Read by hand, so that nothing depends on when a timer runs.
    drainEveryMs: 3_600_000,
    ...options,
  });
  if (!opened.ok) throw new Error(opened.error.message);
  return { told, events: opened.value };
};

const runMany = (count: number): void => {
  for (let time = 0; time < count; time += 1) spawnSync('/bin/false');
};

/** A new event on each CPU: every earlier loss there is known after it, and every later one countable from it. */
const touchEveryCpu = (): void => {
  const cpus = execFileSync('nproc', { encoding: 'utf8' }).trim();
  for (let cpu = 0; cpu < Number(cpus); cpu += 1) spawnSync('taskset', ['-c', String(cpu), '/bin/true']);
};

describeWith([root], 'process events', () => {
  it('tell of starts and ends with exit codes', () => {
    const { told, events } = listen({});
    runMany(20);
    events.drain();
    events.close();
    expect(told.execs).toBeGreaterThanOrEqual(20);
    expect(told.forks).toBeGreaterThanOrEqual(20);
    expect(told.exits.filter((code) => code === 1).length).toBeGreaterThanOrEqual(20);
    expect(told.lost).toBe(0);
  });

  it('count what a full buffer dropped', () => {
    const { told, events } = listen({ receiveBufferBytes: 65_536 });
    touchEveryCpu();
    events.drain();
    // Each makes a fork, an exec and an exit at least; the buffer holds fewer than 200 messages.
    runMany(200);
    events.drain();
    expect(told.overruns.at(-1)).toEqual({ counted: true });
    touchEveryCpu();
    events.drain();
    events.close();
    expect(told.lost).toBeGreaterThan(100);
  });

  it('drop unwanted kinds in the kernel', () => {
    const { told, events } = listen({ kinds: ['exit'] });
    runMany(3);
    events.drain();
    events.close();
    expect(told).toMatchObject({ execs: 0, forks: 0, overruns: [] });
    expect(told.exits.length).toBeGreaterThanOrEqual(3);
  });

  it('say that loss cannot be counted where kinds are dropped', () => {
    const { told, events } = listen({ kinds: ['exit'], receiveBufferBytes: 8192 });
    runMany(100);
    events.drain();
    events.close();
    expect(told.overruns[0]).toEqual({ counted: false });
    expect(told.lost).toBe(0);
  });

  it('are refused with a reason where the kernel would stay silent', () => {
    const script = `import { createProcessEvents } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)};
      const nothing = () => {};
      const events = createProcessEvents({ onExec: nothing, onExit: nothing, onLost: nothing, onOverrun: nothing, onFailed: nothing });
      console.log(events.ok ? 'listening' : events.error.message);`;
    for (const flag of ['--net', '--pid']) {
      const words = [flag, '--fork', process.execPath, '--input-type=module', '--eval', script];
      expect(execFileSync('unshare', words, { encoding: 'utf8' })).toContain("Process events need the host's own");
    }
  });
});

const serve = async (): Promise<{ server: Server; port: number }> => {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '::', resolve));
  return { server, port: (server.address() as AddressInfo).port };
};

const exchange = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', reject);
    socket.on('data', () => socket.end());
    socket.on('close', () => resolve());
    socket.write('four');
  });

describe('the socket table', () => {
  it('shows our own listener and connection, with owner and inode', async () => {
    const { server, port } = await serve();
    const opened = openSocketTable();
    if (!opened.ok) throw new Error(opened.error.message);
    const socket = connect(port, '::1');
    await new Promise((resolve) => socket.once('connect', resolve));
    const rows: SocketRow[] = [];
    expect(opened.value.list((row) => rows.push(row), 100_000)).toEqual({ ok: true, value: { complete: true } });
    const listener = rows.find((row) => row.state === 'listening' && row.local.port === port);
    expect(listener).toMatchObject({ protocol: 'tcp', local: { address: '::' }, uid: process.getuid?.() });
    const links = readdirSync('/proc/self/fd').map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    });
    expect(links).toContain(`socket:[${listener?.inode}]`);
    expect(rows.find((row) => row.peer.port === port)).toMatchObject({ state: 'connected', peer: { address: '::1' } });
    expect(opened.value.list(() => {}, 1)).toEqual({ ok: true, value: { complete: false } });
    opened.value.close();
    socket.destroy();
    server.close();
  });
});

describeWith([root], 'the ends of sockets', () => {
  it('come with the bytes of a connection that nobody looked at', async () => {
    const { server, port } = await serve();
    const opened = openSocketEnds(1024 * 1024);
    if (!opened.ok) throw new Error(opened.error.message);
    await exchange(port);
    const rows: SocketRow[] = [];
    await eventually('both ends', async () => {
      opened.value.drain((row) => rows.push(row), 1000);
      return rows.filter((row) => row.local.port === port || row.peer.port === port).length >= 2;
    });
    const client = rows.find((row) => row.peer.port === port);
    // The handshake and the close count one each.
    expect(client?.bytes?.sent).toBeGreaterThanOrEqual(4);
    expect(client?.bytes?.sent).toBeLessThanOrEqual(6);
    opened.value.close();
    server.close();
  });

  it('say that some were dropped', async () => {
    const { server, port } = await serve();
    const opened = openSocketEnds(4096);
    if (!opened.ok) throw new Error(opened.error.message);
    for (let time = 0; time < 50; time += 1) await exchange(port);
    let overruns = 0;
    await eventually('an overrun', async () => {
      overruns += opened.value.drain(() => {}, 1000).overruns;
      return overruns > 0;
    });
    opened.value.close();
    server.close();
  });
});

describeWith([root, programOf('ip')], 'network namespaces', () => {
  const name = `pt-kernel-${process.pid}`;

  it('are entered and left on this thread, and sockets opened inside stay inside', () => {
    execFileSync('ip', ['netns', 'add', name]);
    try {
      execFileSync('ip', ['-n', name, 'address', 'add', '10.99.0.1/32', 'dev', 'lo']);
      using namespace = openNetworkNamespace(`/run/netns/${name}`);
      const before = readlinkSync('/proc/thread-self/ns/net');
      const inside = namespace.run(() => ({
        namespace: readlinkSync('/proc/thread-self/ns/net'),
        addresses: listInterfaceAddresses(100),
        tracking: openFlowTracking(65_536),
      }));
      expect(inside.namespace).toBe(`net:[${namespace.inode}]`);
      expect(inside.namespace).not.toBe(before);
      expect(inside.addresses).toMatchObject({ ok: true, value: [{ address: '10.99.0.1', prefixLength: 32 }] });
      expect(readlinkSync('/proc/thread-self/ns/net')).toBe(before);
      if (inside.tracking.ok) inside.tracking.value.close();
      expect(() =>
        namespace.run(() => {
          throw new Error('inside');
        }),
      ).toThrow('inside');
      expect(readlinkSync('/proc/thread-self/ns/net')).toBe(before);
      expect(() => namespace.run(async () => 1)).toThrow('synchronous');
    } finally {
      execFileSync('ip', ['netns', 'del', name]);
    }
  });
});

describeWith([root, programOf('setpriv')], 'without privileges', () => {
  it('sockets are shown, and what is denied is a value with a code', () => {
    const script = `import { openFlowTracking, openSocketEnds, openSocketTable } from ${JSON.stringify(new URL('index.ts', import.meta.url).href)};
      console.log(JSON.stringify([openSocketTable(), openSocketEnds(4096), openFlowTracking(4096)].map((one) => one.ok ? 'ok' : one.error.code)));`;
    const words = ['--reuid', '65534', '--clear-groups', process.execPath, '--input-type=module', '--eval', script];
    expect(JSON.parse(execFileSync('setpriv', words, { encoding: 'utf8' }))).toEqual(['ok', 'ok', 'eperm']);
  });
});
