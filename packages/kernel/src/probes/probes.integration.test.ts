import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith, eventually, kernelTypes, root, unifiedHierarchy } from '@parapet/testkit';
import { expect, it } from 'vitest';
import { addressOf, libc } from '../libc.ts';
import type { ProbedEvent, ProbedExec, ProbedExit } from './decode.ts';
import type { ProbedDatagram, ProbedSocket } from './decode-network.ts';
import { openProbes, type ProbeAccount, type ProbeOptions, type Probes, probeNames } from './probes.ts';
import { tcpStates } from './programs/socket-state.ts';

const open = (options: Partial<ProbeOptions>): { events: ProbedEvent[]; probes: Probes } => {
  const events: ProbedEvent[] = [];
  const opened = openProbes({
    probes: probeNames,
    onEvent: (event) => events.push(event),
    onUnreadable: () => {
      throw new Error('a record could not be read');
    },
    // Read by hand, so that nothing depends on when a timer runs.
    drainEveryMs: 3_600_000,
    ...options,
  });
  if (!opened.ok) throw new Error(opened.error.message);
  return { events, probes: opened.value };
};

/**
 * Reads until what is asked for was read. One reading may end before: at a record that another processor is still writing, since
 * their order is kept.
 */
const readUntil = <T>(probes: Probes, what: string, ask: () => T | undefined | false): Promise<T> =>
  eventually(what, async () => {
    probes.drain();
    return ask();
  });

const execsOf = (events: readonly ProbedEvent[], first: string): ProbedExec[] =>
  events.filter((event): event is ProbedExec => event.kind === 'exec' && event.arguments[0] === first);

describeWith([root, kernelTypes], 'probes', () => {
  it('tell what was started, by whom, with all arguments, and how it ended', async () => {
    const { events, probes } = open({});
    const argument = `${'é'.repeat(40)}\n\x1b[31m`;
    spawnSync('/bin/sh', ['-c', 'exit 3', argument], { argv0: 'probe-test' });
    spawnSync('/bin/sh', ['-c', 'kill -9 $$'], { argv0: 'probe-killed' });
    const endOf = (started: ProbedExec | undefined): ProbedExit | undefined =>
      events.find(
        (event): event is ProbedExit =>
          event.kind === 'exit' &&
          event.process.pid === started?.process.pid &&
          event.process.startNs === started.process.startNs,
      );
    const killed = await readUntil(probes, 'the second end', () => endOf(execsOf(events, 'probe-killed')[0]));
    probes.close();
    const [exec] = execsOf(events, 'probe-test');
    expect(exec?.arguments).toEqual(['probe-test', '-c', 'exit 3', argument]);
    expect(exec?.filename).toBe('/bin/sh');
    expect(exec?.exe.links).toBeGreaterThan(0);
    expect(exec?.process).toMatchObject({ parentPid: process.pid, uid: 0, effectiveUid: 0 });
    expect(exec?.process.netNamespace).toBeGreaterThan(0);
    expect(endOf(exec)).toMatchObject({ exitCode: 3, signal: 0 });
    expect(killed).toMatchObject({ signal: 9 });
  });

  it('name the file that runs and the folder as /proc does, over links and mounts', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'probe-folder-')));
    const { events, probes } = open({ probes: ['exec'] });
    const run = (cwd: string) =>
      spawnSync('/bin/sh', ['-c', 'readlink /proc/$$/exe; pwd -P; :'], { argv0: 'probe-path', cwd, encoding: 'utf8' });
    const told = [folder, '/dev/shm', '/'].map((cwd) => run(cwd).stdout.trim().split('\n'));
    await readUntil(probes, 'each start', () => execsOf(events, 'probe-path').length >= told.length);
    probes.close();
    rmSync(folder, { recursive: true });
    expect(execsOf(events, 'probe-path').map((exec) => [exec.exePath, exec.folder])).toEqual(told);
  });

  it('tell each start once and in order, also when what is told asks for what comes next', async () => {
    const numbers: (string | undefined)[] = [];
    const { probes } = open({
      probes: ['exec'],
      onEvent: (event) => {
        probes.drain();
        if (event.kind === 'exec' && event.arguments[0] === 'probe-again') numbers.push(event.arguments[1]);
      },
    });
    const wanted = Array.from({ length: 20 }, (_, number) => String(number));
    for (const number of wanted) spawnSync('/bin/true', [number], { argv0: 'probe-again' });
    await readUntil(probes, 'the last start', () => numbers.length >= wanted.length);
    probes.close();
    expect(numbers).toEqual(wanted);
  });

  it('rest and run again when they are told to', async () => {
    const { events, probes } = open({ probes: ['exec', 'exit'] });
    const run = (name: string) => spawnSync('/bin/true', [], { argv0: name });
    const told = (name: string): number => execsOf(events, name).length;
    const producedBy = (name: string): number =>
      probes.account().find(({ probe }) => probe === name)?.produced ?? Number.NaN;
    run('probe-before');
    await readUntil(probes, 'what ran before', () => told('probe-before') === 1);
    expect(probes.rest(['exec'])).toMatchObject({ ok: true });
    // A kernel may take a moment until nothing runs in it any more.
    await eventually('the probe rests', async () => {
      const before = producedBy('exec');
      run('probe-leaving');
      return producedBy('exec') === before;
    });
    const ends = producedBy('exit');
    run('probe-resting');
    await eventually('the other one runs on', async () => producedBy('exit') > ends);
    expect(probes.rest([])).toMatchObject({ ok: true });
    run('probe-after');
    await readUntil(probes, 'what ran after', () => told('probe-after') === 1);
    probes.close();
    expect(told('probe-resting')).toBe(0);
  });

  it('name a process as /proc does: the start is the same clock', async () => {
    const { events, probes } = open({ probes: ['exec'] });
    const child = spawnSync('/bin/cat', ['/proc/self/stat'], { encoding: 'utf8' });
    const exec = await readUntil(probes, 'its start', () =>
      execsOf(events, '/bin/cat').find((one) => one.process.pid === child.pid),
    );
    probes.close();
    const startTicks = Number(child.stdout.slice(child.stdout.lastIndexOf(')')).split(' ')[20]);
    expect(Number(exec.process.startNs) / 1e7).toBeCloseTo(startTicks, -0.5);
  });

  it('cut what is too long and say how long it was', async () => {
    const { events, probes } = open({ probes: ['exec'] });
    spawnSync('/bin/true', ['x'.repeat(100_000)], { argv0: 'probe-long' });
    const exec = await readUntil(probes, 'its start', () => execsOf(events, 'probe-long')[0]);
    probes.close();
    expect(exec.argumentsBytes).toBe(4095);
    expect(exec.argumentsTotalBytes).toBe('probe-long'.length + 1 + 100_001);
  });

  it('tell of a connection that is over at once, from both its sockets, with its bytes', async () => {
    const { events, probes } = open({ probes: ['socket'] });
    const server = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const client = connect(port, '127.0.0.1').resume();
    await new Promise((resolve) => client.once('close', resolve));
    server.close();
    const told = (): ProbedSocket[] => events.filter((event): event is ProbedSocket => event.kind === 'socket');
    const ours = (): ProbedSocket[] => {
      const named = told().filter(({ remotePort, localPort }) => remotePort === port || localPort === port);
      return told().filter(({ socket }) => named.some((other) => other.socket === socket));
    };
    await readUntil(
      probes,
      'the close of all three sockets',
      () => ours().filter(({ newState }) => newState === tcpStates.close).length === 3,
    );
    probes.close();
    const begun = ours().find(({ newState }) => newState === tcpStates.synSent);
    expect(begun).toMatchObject({ family: 'ipv4', remotePort: port, process: { pid: process.pid } });
    expect([...(begun?.remoteAddress ?? [])]).toEqual([127, 0, 0, 1]);
    const ended = ours().find(({ newState, socket }) => newState === tcpStates.close && socket === begun?.socket);
    // Five bytes and the end of the stream.
    expect(ended?.bytesReceived).toBe(6n);
    expect(ours().some(({ newState, localPort }) => newState === tcpStates.listen && localPort === port)).toBe(true);
  });

  it('tell of a process that changes its user, with what it has then', async () => {
    const { events, probes } = open({ probes: ['systemCall'] });
    spawnSync('/bin/true', { uid: 65_534, gid: 65_533 });
    const ours = () => events.filter((event) => event.kind === 'rights' && event.process.parentPid === process.pid);
    await readUntil(probes, 'both changes', () => ours().length >= 2);
    probes.close();
    expect(probes.missing).toEqual([]);
    expect(ours()).toMatchObject([
      { process: { uid: 0, gid: 65_533 } },
      { process: { uid: 65_534, effectiveUid: 65_534, capabilities: 0n } },
    ]);
  });

  it('tell of who reads a process’s memory, not of who only fails to', async () => {
    const { events, probes } = open({ probes: ['systemCall'] });
    const [from, into] = [Buffer.from('read me'), Buffer.alloc(7)];
    const part = (buffer: Buffer): Buffer => {
      const vector = Buffer.alloc(16);
      vector.writeBigUInt64LE(addressOf(buffer), 0);
      vector.writeBigUInt64LE(BigInt(buffer.length), 8);
      return vector;
    };
    const [local, remote] = [part(into), part(from)];
    for (const pid of [999_999_999, process.pid]) call(processVmReadv, pid, local, 1, remote, 1, 0);
    const ours = () => events.filter((event) => event.process.pid === process.pid);
    await readUntil(probes, 'the second call', () => ours().length > 0);
    probes.close();
    expect(into.toString()).toBe(from.toString());
    expect(ours()).toMatchObject([{ kind: 'trace', isMemoryOnly: true, target: process.pid }]);
  });

  it('tell of what is mounted where, by both ways', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'probe-mount-')));
    const { events, probes } = open({ probes: ['systemCall'] });
    spawnSync('mount', ['-t', 'tmpfs', 'probe-source', folder]);
    mountInSteps('tmpfs', 'probe-source', folder);
    for (let time = 0; time < 2; time += 1) spawnSync('umount', [folder]);
    const ours = () => events.filter((event) => event.kind === 'mount' && event.target === folder);
    await readUntil(probes, 'both mounts', () => ours().length >= 2);
    probes.close();
    rmSync(folder, { recursive: true });
    expect(ours()).toMatchObject([
      { source: 'probe-source', fileSystem: 'tmpfs', process: { comm: 'mount' } },
      { source: '', fileSystem: '', process: { pid: process.pid } },
    ]);
  });

  it('count exactly what a full ring could not take', async () => {
    const { events, probes } = open({ probes: ['exec', 'exit'], ringBytes: pageBytes() });
    for (let time = 0; time < 60; time += 1) spawnSync('/bin/true');
    const account = await readUntil(probes, 'that all is accounted for', () => balanced(probes, events));
    probes.close();
    for (const { lost } of account) expect(lost).toBeGreaterThan(0);
  });

  it('lose nothing when one reading may take no time: what is left comes with the next', async () => {
    const { events, probes } = open({ probes: ['exec'], drainBudgetMs: 0 });
    for (let time = 0; time < 80; time += 1) spawnSync('/bin/true');
    probes.drain();
    const read = events.length;
    const [account] = await readUntil(probes, 'all that was left', () => {
      // One reading takes some 32: others on this machine may start more than that between two.
      for (let more = 0; more < 1000; more += 1) probes.drain();
      return balanced(probes, events);
    });
    probes.close();
    expect(read).toBeLessThan(80);
    expect(account).toMatchObject({ lost: 0 });
  });

  it('leave nothing in the kernel when closed, and may be closed twice', () => {
    const programs = (): number => loadedProgramsOfThisProcess();
    const before = programs();
    const { probes } = open({});
    expect(programs()).toBeGreaterThan(before);
    probes.close();
    probes.close();
    expect(programs()).toBe(before);
  });
});

describeWith([root, kernelTypes, unifiedHierarchy], 'the probe of connected sockets', () => {
  it.each([
    { kernel: 'this kernel', without: [] },
    { kernel: 'one before 6.3', without: ['sock_send_length'] },
  ])('tells the first datagram to each address: $kernel', async ({ without }) => {
    const { events, probes } = open({ probes: ['datagramConnected'], without });
    const sender = spawnSync(process.execPath, ['-e', sendConnected], { encoding: 'utf8' });
    const ours = (): ProbedDatagram[] =>
      events.filter((event): event is ProbedDatagram => event.kind === 'datagram' && event.process.pid === sender.pid);
    await readUntil(probes, 'the last datagram', () => ours().length >= 2);
    probes.close();
    expect(probes.missing).toEqual([]);
    const ports = sender.stdout.trim().split(' ').map(Number);
    expect(ours().map(({ direction, remote }) => [direction, remote.port, remote.address.at(-1)])).toEqual(
      ports.map((port) => ['sent', port, 1]),
    );
    expect(ours().every(({ local }) => local.port > 0)).toBe(true);
  });
});

/** Sends three times over each kind of address from a connected socket, once to a TCP port, and says to which ports. */
const sendConnected = `
const { createSocket } = require('node:dgram');
const { connect, createServer } = require('node:net');
const send = (kind, address) => new Promise((resolve) => {
  const [server, client] = [createSocket(kind), createSocket(kind)];
  let left = 3;
  server.on('message', () => {
    left -= 1;
    if (left > 0) return client.send('again');
    const { port } = server.address();
    server.close();
    client.close(() => resolve(port));
  });
  server.bind(0, address, () => client.connect(server.address().port, address, () => client.send('first')));
});
const overTcp = () => new Promise((resolve) => {
  const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1', () => {
    connect(server.address().port, '127.0.0.1', function () { this.end('bytes', () => server.close(resolve)); });
  });
});
overTcp().then(() => send('udp4', '127.0.0.1'))
  .then((four) => send('udp6', '::1').then((six) => console.log(four, six)));
`;

/** The account, once all that was produced is read or lost: on a busy machine something else may start between reading and asking. */
const balanced = (probes: Probes, events: readonly ProbedEvent[]): readonly ProbeAccount[] | undefined => {
  const account = probes.account();
  const isBalanced = account.every(
    ({ probe, produced, lost }) => events.filter(({ kind }) => kind === probe).length + lost === produced,
  );
  return isBalanced ? account : undefined;
};

const call = (number: number, ...parameters: readonly (number | Buffer)[]): number => {
  const [one = 0, two = 0, three = 0, four = 0, five = 0, six = 0] = parameters.map((value) =>
    typeof value === 'number' ? value : addressOf(value),
  );
  return libc().syscall(number, one, two, three, four, five, six);
};

/** As newer programs do: fsopen(2), fsconfig(2), fsmount(2), move_mount(2). */
const mountInSteps = (fileSystem: string, source: string, target: string): void => {
  const text = (value: string): Buffer => Buffer.from(`${value}\0`);
  const context = call(430, text(fileSystem), 0);
  call(431, context, 1, text('source'), text(source), 0);
  call(431, context, 6, 0, 0, 0);
  const mount = call(432, context, 0, 0);
  expect(call(429, mount, text(''), -100, text(target), 4)).toBe(0);
  closeSync(mount);
  closeSync(context);
};

const processVmReadv = process.arch === 'arm64' ? 270 : 310;

const pageBytes = (): number => Number(spawnSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }).stdout);

/** Descriptors of BPF programs, by what the kernel says of each. */
const loadedProgramsOfThisProcess = (): number => {
  const names = spawnSync('ls', [`/proc/${process.pid}/fdinfo`], { encoding: 'utf8' }).stdout.split('\n');
  return names.filter((fd) => fd !== '' && /^prog_id:/m.test(readInfo(fd))).length;
};

const readInfo = (fd: string): string => {
  try {
    return readFileSync(`/proc/${process.pid}/fdinfo/${fd}`, 'utf8');
  } catch {
    // Closed since it was listed.
    return '';
  }
};
