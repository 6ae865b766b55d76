import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { describeWith, eventually, kernelTypes, root, unifiedHierarchy } from '@parapet/testkit';
import { expect, it, vi } from 'vitest';
import { createKernelWatch } from '../../kernel-watch/kernel-watch.ts';
import { createCollected } from '../testing/collected.ts';
import { createExecutableHashes, type ExecutableHashes } from './executable-hashes.ts';
import { createHashProgram } from './hash-program.ts';
import { createActivityCollector } from './index.ts';
import { programRoots } from './program-roots.ts';

const patience = { timeout: 180_000, interval: 50 };

const hashes = createExecutableHashes({
  hash: createHashProgram(
    programRoots({ procPath: '/proc', rootPath: '/', workloads: { containerByRuntimeId: () => undefined } }),
  ),
});
const activityCollector = (wanted: Pick<ExecutableHashes, 'begin'> = hashes) =>
  createActivityCollector(createKernelWatch({ cpuCores: undefined }), wanted, () => {});
const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

describeWith([root, kernelTypes], 'the activity collector', () => {
  it('tells what ran, who started it and how it ended, secrets masked, and accounts for every event', async () => {
    const collected = createCollected();
    const running = await activityCollector().start(collected.context);
    const secret = 'hunter2-and-more';
    const script = `/bin/true --password=${secret}; exit 7`;
    const { pid } = spawnSync('/bin/sh', ['-c', script], { argv0: 'activity-test' });
    const { events, accounts } = collected.telemetry;
    const exit = await eventually('the end of the shell', async () =>
      events.find((event) => event['process.pid'] === pid && event['event.action'] === 'exit'),
    );
    await running.stop();
    const shell = events.find((event) => event['process.pid'] === pid && event['event.action'] === 'exec');
    expect(shell).toMatchObject({
      'process.executable': realpathSync('/bin/sh'),
      'process.args_count': 3,
      'process.parent.pid': process.pid,
      'user.id': 0,
      'user.name': 'root',
    });
    expect(JSON.stringify(events)).not.toContain(secret);
    const child = events.find(isExecOf(realpathSync('/bin/true'), shell));
    expect(child).toMatchObject({ 'process.parent.name': 'sh', 'process.parent.executable': realpathSync('/bin/sh') });
    expect(sameProcess(exit, shell)).toBe(true);
    expect(exit).toMatchObject({ 'process.exit_code': 7 });
    const account = accounts.at(-1);
    expect(account?.told).toBe(events.length);
    expect(account?.produced).toBe((account?.told ?? 0) + (account?.unwanted ?? 0));
    expect(account?.lost).toEqual([]);
  });
});

describeWith([root, kernelTypes], 'a program that executed itself anew', () => {
  it('goes by what it is to be, in all that it does and as a parent', async () => {
    const collected = createCollected();
    const running = await activityCollector().start(collected.context);
    const { pid } = spawnSync('bash', ['-c', 'exec -a applet /proc/self/exe -c "/bin/true; exit 1"']);
    const { events } = collected.telemetry;
    const of = (action: string): TelemetryEvent | undefined =>
      events.findLast((event) => event['process.pid'] === pid && event['event.action'] === action);
    await vi.waitFor(() => expect(of('exit')).toBeDefined(), patience);
    await running.stop();
    const applet = { 'process.name': 'applet', 'process.executable': realpathSync('/bin/bash') };
    expect(of('exec')).toMatchObject({ ...applet, 'process.args': ['applet', '-c', '/bin/true; exit 1'] });
    expect(of('exit')).toMatchObject(applet);
    const child = events.find((event) => event['process.parent.pid'] === pid && event['event.action'] === 'exec');
    expect(child).toMatchObject({ 'process.name': 'true', 'process.parent.name': 'applet' });
  });
});

describeWith([root, kernelTypes], 'the hash of a program', () => {
  it('is that of the file that ran, also when the process ended at once, and never that of another one in its place', async () => {
    const collected = createCollected();
    const folder = mkdtempSync(join(tmpdir(), 'activity-hash-'));
    const [own, replaced] = [join(folder, 'own'), join(folder, 'replaced')];
    for (const path of [own, replaced]) copyFileSync('/bin/true', path);
    appendFileSync(own, 'makes it another one');
    const begun: TelemetryEvent[] = [];
    const running = await activityCollector({
      begin: (program, event) => {
        hashes.begin(program, event);
        begun.push(event);
      },
    }).start(collected.context);
    const startOf = (path: string): TelemetryEvent | undefined =>
      begun.find((event) => event['process.executable'] === path);
    spawnSync(replaced);
    copyFileSync('/bin/ls', replaced);
    spawnSync(own);
    // A file of its own: others on this machine run /bin/sleep too.
    const lasting = join(folder, 'lasting');
    copyFileSync('/bin/sleep', lasting);
    const sleeper = spawn(lasting, ['600']);
    await vi.waitFor(() => {
      for (const path of [own, replaced, lasting]) {
        const event = startOf(path);
        expect(event !== undefined && hashes.complete(event, true)).toBe(true);
      }
    }, patience);
    sleeper.kill();
    await running.stop();
    expect(startOf(own)).toMatchObject({ 'process.hash.sha256': sha256(own) });
    expect(startOf(lasting)).toMatchObject({ 'process.hash.sha256': sha256('/bin/sleep') });
    expect(startOf(replaced)).toMatchObject({ 'parapet.process.hash_absent': 'gone' });
    rmSync(folder, { recursive: true });
  });
});

describeWith([root, kernelTypes], 'what processes ask of the kernel', () => {
  it('is told with who asked, where a program from memory and one that was deleted are known as such', async () => {
    const collected = createCollected();
    const running = await activityCollector().start(collected.context);
    const folder = mkdtempSync(join(tmpdir(), 'activity-'));
    const own = join(folder, 'gone');
    copyFileSync('/bin/true', own);
    spawnSync('/bin/sh', ['-c', `exec 9<${own}; rm ${own}; exec /proc/self/fd/9`], { cwd: folder });
    spawnSync('/bin/true', { uid: 65_534, gid: 65_534, cwd: folder });
    spawnSync('mount', ['-t', 'tmpfs', 'activity-source', folder]);
    spawnSync('umount', [folder]);
    const { events } = collected.telemetry;
    const find = (where: Partial<TelemetryEvent>): TelemetryEvent | undefined =>
      events.find((event) =>
        Object.entries(where).every(([name, value]) => event[name as keyof TelemetryEvent] === value),
      );
    const mount = await eventually('what came last', async () =>
      find({ 'event.action': 'mount', 'parapet.mount.source': 'activity-source' }),
    );
    await running.stop();
    rmSync(folder, { recursive: true });
    expect(mount).toMatchObject({
      ...{ 'parapet.mount.target': realpathSync(tmpdir()) + folder.slice(tmpdir().length), 'process.name': 'mount' },
    });
    const became = {
      'event.action': 'privilege-change',
      'process.parent.pid': process.pid,
      'user.effective.id': 65_534,
    };
    expect(find(became as Partial<TelemetryEvent>)).toMatchObject({
      'user.id': 0,
      'process.thread.capabilities.effective': [],
    });
    expect(find({ 'event.action': 'exec', 'process.executable': own })).toMatchObject({
      ...{ 'parapet.process.deleted': true, 'process.working_directory': folder },
    });
    expect(collected.statuses.at(-1)).toMatchObject({ source: expect.stringContaining('eBPF') });
    expect(collected.telemetry.accounts.at(-1)?.lost).toEqual([]);
  });
});

/** In a network of its own: asks a resolver there, over both kinds of addresses, one question each. */
const askInOwnNetwork = `
const { createSocket } = require('node:dgram');
const { createServer, connect } = require('node:net');
const question = (name) => Buffer.concat([
  Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, name.length]), Buffer.from(name), Buffer.from([0, 0, 1, 0, 1]),
]);
const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 9]);
const ask = (kind, address, name) => new Promise((resolve) => {
  const [server, client] = [createSocket(kind), createSocket(kind)];
  server.on('message', (message, from) => {
    const answer = Buffer.concat([message, record]);
    answer[2] = 0x81;
    answer[7] = 1;
    server.send(answer, from.port, from.address);
  });
  client.on('message', () => { server.close(); client.close(); resolve(); });
  server.bind(53, address, () => client.send(question(name), 53, address));
});
const overTcp = () => {
  const server = createServer((socket) => socket.on('data', (asked) => {
    const answer = Buffer.concat([asked, record]);
    answer.writeUInt16BE(answer.length - 2, 0);
    answer[4] = 0x81;
    answer[9] = 1;
    socket.end(answer);
  }));
  server.listen(53, '127.0.0.3', () => {
    const message = question('stream');
    const client = connect(53, '127.0.0.3', () => client.write(Buffer.concat([Buffer.from([0, message.length]), message])));
    client.resume();
    client.on('close', () => server.close(again));
  });
};
const again = () => {
  const [server, client] = [createSocket('udp4'), createSocket('udp4')];
  let left = 3;
  server.on('message', () => {
    left -= 1;
    if (left === 0) { server.close(); client.close(); }
    else client.send('again');
  });
  server.bind(54, '127.0.0.2', () => client.connect(54, '127.0.0.2', () => client.send('first')));
};
ask('udp4', '127.0.0.1', 'four').then(() => ask('udp6', '::1', 'six')).then(overTcp);
`;

describeWith([root, kernelTypes, unifiedHierarchy], 'what is sent over UDP', () => {
  it('is told with the answer and who asked, in whichever network, and so is the first datagram to each and from each', async () => {
    const collected = createCollected();
    const running = await activityCollector().start(collected.context);
    const shell = 'ip link set lo up && exec "$0" -e "$1"';
    const child = spawnSync('unshare', ['--net', '/bin/sh', '-c', shell, process.execPath, askInOwnNetwork]);
    expect(child.status).toBe(0);
    const asked = (): TelemetryEvent[] =>
      collected.telemetry.events.filter(
        (event) => event['event.action'] === 'dns-query' && event['process.pid'] === child.pid,
      );
    const datagrams = (): string[] =>
      collected.telemetry.events
        .filter((event) => event['event.action'] === 'datagram' && event['process.pid'] === child.pid)
        .map((event) => `${event['network.direction']} ${event['destination.ip'] ?? '-'} ${event['destination.port']}`);
    const first = ['127.0.0.1 53', '::1 53', '127.0.0.2 54'].flatMap((to) => [`egress ${to}`, `ingress ${to}`]);
    await vi.waitFor(() => {
      expect(asked()).toHaveLength(3);
      // Not the answers, and not what was sent again.
      expect(datagrams()).toEqual(first);
    }, patience);
    await running.stop();
    expect(asked()).toMatchObject([
      { 'dns.question.name': 'four', 'destination.ip': '127.0.0.1', 'dns.resolved_ip': ['192.0.2.9'] },
      { 'dns.question.name': 'six', 'destination.ip': '::1', 'dns.response_code': 'NOERROR' },
      {
        ...{ 'dns.question.name': 'stream', 'network.transport': 'tcp', 'destination.ip': '127.0.0.3' },
        'dns.resolved_ip': ['192.0.2.9'],
      },
    ]);
    const account = collected.telemetry.accounts.at(-1);
    const lost = account?.lost.reduce((sum, { count }) => sum + count, 0) ?? 0;
    expect(account?.produced).toBe((account?.told ?? 0) + (account?.unwanted ?? 0) + lost);
  });
});

const sameProcess = (event: TelemetryEvent, other: TelemetryEvent | undefined): boolean =>
  other !== undefined && event['process.entity_id'] === other['process.entity_id'];

const isExecOf =
  (file: string, parent: TelemetryEvent | undefined) =>
  (event: TelemetryEvent): boolean =>
    event['event.action'] === 'exec' &&
    event['process.executable'] === file &&
    event['process.parent.entity_id'] === parent?.['process.entity_id'];
