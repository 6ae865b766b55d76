import { fail, ok, problem } from '@parapet/core';
import { asleepNs, type TracedStart, type TracepointOptions } from '@parapet/kernel';
import { expect, test } from 'vitest';
import { openBestTeller } from './start-teller.ts';
import { createTracepointTeller, createWaitingStarts } from './tracepoint-teller.ts';

const startOf = (pid: number, monotonicNs: bigint, comm = 'program'): TracedStart => ({
  ...{ pid, monotonicNs, comm, uid: 7, gid: 8, filename: `/bin/${comm}` },
  ...{ arguments: [comm, '--one'], argumentsBytes: 14, argumentsTotalBytes: 14 },
});

/** A kernel that tells what a test lets it have told. */
const play = async (ring: TracedStart[]) => {
  let closed = 0;
  const teller = createTracepointTeller({
    rootPath: '/',
    open: ({ onStart }: TracepointOptions) => {
      const close = (): void => {
        closed += 1;
      };
      const drain = (): void => {
        for (const start of ring.splice(0)) onStart(start);
      };
      return ok({ drain, account: () => ({ produced: 0, lost: 0 }), close, [Symbol.dispose]: close });
    },
  });
  const opened = await teller.open();
  if (!opened.ok) throw new Error(opened.error.message);
  return { opened: opened.value, closed: () => closed };
};
const moment = (monotonicNs: bigint): bigint => monotonicNs + asleepNs();

test('a start is told once, read from the kernel when it is asked for', async () => {
  const { opened, closed } = await play([startOf(5, 1_000_000n)]);
  expect(opened.take(5, moment(1_000_500n))).toEqual({
    process: { comm: 'program', uid: 7, gid: 8 },
    executable: '/bin/program',
    arguments: { argv: ['program', '--one'], cut: false },
  });
  expect(opened.take(5, moment(2_000_000n))).toBeUndefined();
  opened.close();
  expect(closed()).toBe(1);
});

test('each of a process’s programs gets its own arguments, whenever they are asked for', async () => {
  const { opened } = await play([startOf(5, 1_000_000n, 'first'), startOf(5, 2_000_000n, 'second')]);
  expect(opened.take(5, moment(1_000_500n))).toMatchObject({ executable: '/bin/first' });
  expect(opened.take(5, moment(2_000_500n))).toMatchObject({ executable: '/bin/second' });
});

test('of a start that was not told the arguments are not those of another one', async () => {
  const { opened } = await play([startOf(5, 9_000_000n, 'later'), startOf(6, 1_000_000n, 'other')]);
  expect(opened.take(5, moment(1_000_500n))).toBeUndefined();
  expect(opened.take(5, moment(9_000_500n))).toMatchObject({ executable: '/bin/later' });
});

test('a name without a folder is no file, and cut arguments say so', async () => {
  const cut = { ...startOf(5, 1n), filename: './run', argumentsTotalBytes: 5000 };
  expect((await play([cut])).opened.take(5, moment(1n))).toMatchObject({ executable: '', arguments: { cut: true } });
  const none = { ...startOf(5, 1n), arguments: undefined };
  expect((await play([none])).opened.take(5, moment(1n))).toMatchObject({ arguments: undefined });
});

test('what nobody asks for is forgotten, the oldest first, also of a process that becomes others for ever', () => {
  const waiting = createWaitingStarts(100);
  for (let pid = 1; pid <= 200; pid += 1) waiting.add(startOf(pid, 1n));
  expect(waiting.size()).toBe(100);
  expect(waiting.take(100, 1n)).toBeUndefined();
  expect(waiting.take(200, 1n)).toBeDefined();
  expect(waiting.size()).toBe(99);
  const one = createWaitingStarts(100);
  for (let at = 1; at <= 5000; at += 1) one.add(startOf(1, BigInt(at)));
  expect(one.size()).toBeLessThan(20);
  expect(one.take(1, 10_000n)?.monotonicNs).toBe(5000n);
  expect(one.size()).toBe(0);
});

test('the best teller that can run is taken, and the others say why they do not', async () => {
  const refused = { name: 'audit', words: '', open: () => fail(problem('taken', 'Somebody has it.')) } as const;
  const runs = createTracepointTeller({
    rootPath: '/',
    open: () =>
      ok({ drain: () => {}, account: () => ({ produced: 0, lost: 0 }), close: () => {}, [Symbol.dispose]: () => {} }),
  });
  expect(await openBestTeller([refused, runs])).toMatchObject({
    teller: { name: 'tracepoints' },
    refusals: ['Somebody has it.'],
  });
  expect(await openBestTeller([refused])).toMatchObject({ teller: undefined, opened: undefined });
});
