import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ok } from '@parapet/core';
import type { createProcessEvents, ProcessEventsOptions } from '@parapet/kernel';
import { afterEach, expect, test, vi } from 'vitest';
import { type ConnectorEvent, openConnectorWatch } from './connector-watch.ts';
import { createProcessBoard } from './process-board.ts';
import { createProcessMemory } from './process-memory.ts';
import type { OpenStartTeller, ToldStart } from './start-teller.ts';

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});
const patience = { timeout: 60_000 };
const tick = 10_000_000n;

/** A kernel and a /proc that a test plays. */
const play = (more: { readonly readingShare?: number; readonly teller?: OpenStartTeller } = {}) => {
  const memory = createProcessMemory();
  const procPath = mkdtempSync(join(tmpdir(), 'connector-watch-'));
  folders.push(procPath);
  let options: ProcessEventsOptions | undefined;
  const events: ConnectorEvent[] = [];
  let blind = 0;
  const open: typeof createProcessEvents = (given) => {
    options = given;
    return ok({ drain: () => {}, close: () => {}, [Symbol.dispose]: () => {} });
  };
  const begin = () => {
    const opened = openConnectorWatch({
      ...{ procPath, memory, board: createProcessBoard(), open },
      ...{ readingShare: Number.POSITIVE_INFINITY, ...more },
      onEvent: (event) => events.push(event),
      onBlind: () => {
        blind += 1;
        return { end: () => {} };
      },
      onFailed: () => {},
    });
    if (!opened.ok || options === undefined) throw new Error('it did not begin');
    return { watch: opened.value, kernel: options };
  };
  return {
    events,
    begin,
    memory,
    blind: () => blind,
    run: (pid: number, parentPid: number, startTicks: number, args: readonly string[], comm = 'program') => {
      const folder = join(procPath, String(pid));
      mkdirSync(folder, { recursive: true });
      const after = Array.from({ length: 17 }, () => '0').join(' ');
      writeFileSync(join(folder, 'stat'), `${pid} (${comm}) S ${parentPid} ${after} ${startTicks} 0`);
      writeFileSync(join(folder, 'status'), 'Uid:\t1000\t1000\t1000\t1000\nGid:\t100\t100\nCapEff:\t0\n');
      writeFileSync(join(folder, 'cgroup'), `0::/docker/${'a'.repeat(64)}\n`);
      writeFileSync(join(folder, 'cmdline'), args.map((arg) => `${arg}\0`).join(''));
      symlinkSync(`/bin/${comm}`, join(folder, 'exe'));
      symlinkSync('/srv', join(folder, 'cwd'));
    },
    end: (pid: number) => rmSync(join(procPath, String(pid)), { recursive: true }),
  };
};
const at = (ticks: number) => ({ atMs: 0, atNs: BigInt(ticks) * tick });

test('a start is told with what /proc has of it, behind what came before it', async () => {
  const host = play();
  host.run(1, 0, 1, ['init'], 'init');
  const { watch, kernel } = host.begin();
  host.run(20, 1, 500, ['program', '--one']);
  kernel.onFork?.({ pid: 20, parentPid: 1, ...at(500) });
  kernel.onExec({ pid: 20, ...at(500) });
  kernel.onExit({ pid: 20, ...at(501), exitCode: 3, signal: 0 });
  await vi.waitFor(() => expect(host.events).toHaveLength(3), patience);
  expect(host.events.map(({ kind }) => kind)).toEqual(['fork', 'start', 'exit']);
  expect(host.events[1]).toMatchObject({
    process: { pid: 20, comm: 'program', uid: 1000, startNs: 500n * tick, parentPid: 1, parentStartNs: tick },
    start: { executable: '/bin/program', folder: '/srv', arguments: { argv: ['program', '--one'], cut: false } },
  });
  expect(host.events[2]).toMatchObject({ exitCode: 3, process: { pid: 20, startNs: 500n * tick } });
  expect(watch.account()).toEqual({ produced: 3, lost: 0, unknown: 0, unread: 0 });
});

test('a start that was over before it was read is told with what its parent had, and counted', () => {
  const host = play();
  host.run(1, 0, 1, ['init'], 'init');
  const { watch, kernel } = host.begin();
  kernel.onFork?.({ pid: 30, parentPid: 1, ...at(600) });
  kernel.onExec({ pid: 30, ...at(600) });
  kernel.onExit({ pid: 30, ...at(600), exitCode: 0, signal: 9 });
  expect(host.events.map(({ kind }) => kind)).toEqual(['fork', 'start', 'exit']);
  expect(host.events[1]).toMatchObject({
    process: { pid: 30, comm: '', uid: 1000, startNs: 600n * tick, parentPid: 1, cgroups: ['a'.repeat(64), 'docker'] },
    start: undefined,
  });
  expect(watch.account()).toEqual({ produced: 3, lost: 0, unknown: 0, unread: 1 });
});

test('a start that somebody told of has its arguments, over or not, and never those of the next program', () => {
  const told: ToldStart = {
    process: { comm: 'brief', uid: 7 },
    executable: '/srv/brief',
    arguments: { argv: ['brief', '--one'], cut: false },
  };
  const host = play({ teller: { take: () => told, close: () => {} } });
  host.run(1, 0, 1, ['init'], 'init');
  const { watch, kernel } = host.begin();
  kernel.onFork?.({ pid: 30, parentPid: 1, ...at(600) });
  kernel.onExec({ pid: 30, ...at(600) });
  host.run(31, 1, 600, ['brief', '--read'], 'brief');
  kernel.onExec({ pid: 31, ...at(600) });
  host.run(32, 1, 600, ['next', '--read'], 'next');
  kernel.onExec({ pid: 32, ...at(600) });
  const argumentsTold = { arguments: { argv: ['brief', '--one'], cut: false }, isTold: true };
  expect(host.events.slice(1)).toMatchObject([
    { process: { comm: 'brief', uid: 7, parentPid: 1 }, start: { executable: '/srv/brief', ...argumentsTold } },
    { process: { comm: 'brief', uid: 7 }, start: { executable: '/bin/brief', folder: '/srv', ...argumentsTold } },
    { process: { comm: 'brief', uid: 7 }, start: { executable: '/srv/brief', folder: undefined, ...argumentsTold } },
  ]);
  expect(watch.account()).toEqual({ produced: 4, lost: 0, unknown: 0, unread: 0 });
});

test('a program that executed itself anew goes by its first argument, and by the file that it ran before', async () => {
  const told = (comm: string, executable: string, argv: readonly string[]): ToldStart => ({
    ...{ process: { comm }, executable, arguments: { argv, cut: false } },
  });
  const starts = [told('busybox', '/bin/busybox', ['busybox', 'sh']), told('exe', '/proc/self/exe', ['ls', '/srv'])];
  const host = play({ teller: { take: () => starts.shift(), close: () => {} } });
  host.run(1, 0, 1, ['init'], 'init');
  const { kernel } = host.begin();
  kernel.onFork?.({ pid: 30, parentPid: 1, ...at(600) });
  kernel.onExec({ pid: 30, ...at(600) });
  kernel.onExec({ pid: 30, ...at(601) });
  expect(host.events.at(-1)).toMatchObject({ kind: 'start', start: { executable: '/bin/busybox' } });
  expect(host.memory.recall('30:600')).toEqual({ name: 'ls', executable: '/bin/busybox' });
  // Read from /proc, its arguments come later.
  host.run(31, 1, 700, ['sleep', '9'], 'exe');
  kernel.onExec({ pid: 31, ...at(700) });
  await vi.waitFor(() => expect(host.events.at(-1)).toMatchObject({ process: { pid: 31 } }), patience);
  expect(host.memory.recall('31:700')?.name).toBe('sleep');
});

test('what gave itself its name by the time it is looked at is still the program that was told', () => {
  const told: ToldStart = {
    process: { comm: 'exe' },
    ...{ executable: '/proc/self/exe', arguments: { argv: ['cat', '/srv/x'], cut: false } },
  };
  const host = play({ teller: { take: () => told, close: () => {} } });
  host.run(1, 0, 1, ['init'], 'init');
  const { kernel } = host.begin();
  host.run(32, 1, 800, ['cat', '/srv/x'], 'cat');
  kernel.onExec({ pid: 32, ...at(800) });
  expect(host.events.at(-1)).toMatchObject({ start: { executable: '/bin/cat', folder: '/srv' } });
});

test('a number that is another process’s by now tells nothing of the one before', () => {
  const host = play();
  host.run(1, 0, 1, ['init'], 'init');
  const { kernel } = host.begin();
  kernel.onFork?.({ pid: 40, parentPid: 1, ...at(700) });
  host.run(40, 1, 900, ['another', '--secret'], 'another');
  kernel.onExec({ pid: 40, ...at(700) });
  expect(host.events.at(-1)).toMatchObject({ kind: 'start', process: { startNs: 700n * tick }, start: undefined });
});

test('what nobody knows and what the kernel dropped is in the account', () => {
  const host = play();
  const { watch, kernel } = host.begin();
  kernel.onExec({ pid: 50, ...at(1) });
  kernel.onExit({ pid: 50, ...at(2), exitCode: 0, signal: 0 });
  kernel.onLost(7);
  kernel.onOverrun({ counted: true });
  expect(host.blind()).toBe(0);
  kernel.onOverrun({ counted: false });
  kernel.onOverrun({ counted: false });
  expect(host.blind()).toBe(1);
  expect(host.events).toEqual([]);
  expect(watch.account()).toEqual({ produced: 9, lost: 7, unknown: 2, unread: 0 });
  watch.close();
});

test('what there is no time to read is told unread and counted', () => {
  const host = play({ readingShare: 0 });
  host.run(1, 0, 1, ['init'], 'init');
  const { watch, kernel } = host.begin();
  host.run(80, 1, 5, ['program']);
  kernel.onFork?.({ pid: 80, parentPid: 1, ...at(5) });
  kernel.onExec({ pid: 80, ...at(5) });
  expect(host.events.map(({ kind }) => kind)).toEqual(['fork', 'start']);
  expect(host.events[1]).toMatchObject({ process: { pid: 80, uid: 1000 }, start: undefined });
  expect(watch.account()).toEqual({ produced: 2, lost: 0, unknown: 0, unread: 1 });
});

test('a change of user is told also of a process that is over', () => {
  const host = play();
  host.run(60, 1, 5, ['program']);
  const { kernel } = host.begin();
  host.end(60);
  kernel.onRights?.({ pid: 60, ...at(9), of: 'user', real: 7, effective: 8 });
  kernel.onRights?.({ pid: 60, ...at(9), of: 'group', real: 9, effective: 9 });
  expect(host.events.at(-1)).toMatchObject({ kind: 'rights', process: { pid: 60, uid: 7, effectiveUid: 8, gid: 9 } });
});

test('events that wait for arguments are handed over at the end', () => {
  const host = play();
  host.run(1, 0, 1, ['init'], 'init');
  const { watch, kernel } = host.begin();
  host.run(70, 1, 5, ['program']);
  kernel.onExec({ pid: 70, ...at(9) });
  kernel.onExit({ pid: 70, ...at(9), exitCode: 0, signal: 0 });
  expect(watch.account()).toMatchObject({ produced: 0 });
  watch.close();
  expect(host.events.map(({ kind }) => kind)).toEqual(['start', 'exit']);
  expect(watch.account()).toMatchObject({ produced: 2, unread: 1 });
});
