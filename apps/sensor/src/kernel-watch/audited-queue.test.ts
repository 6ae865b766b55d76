import type { AuditedStart } from '@parapet/kernel';
import { expect, it } from 'vitest';
import { createAuditedQueue } from './audited-queue.ts';

const ms = 1_000_000n;
/** Boot was at 5,000 of the wall's milliseconds. */
const play = () => {
  let nowMs = 0;
  const queue = createAuditedQueue({ bootNs: () => BigInt(nowMs) * ms, wallMs: () => 5000 + nowMs });
  return {
    queue,
    at: (milliseconds: number) => {
      nowMs = milliseconds;
    },
    /** As audit says it, by the last tick. */
    tell: (pid: number, atMs: number, comm = 'program') => queue.add(startOf(pid, 5000 + atMs, comm)),
    take: (pid: number, atMs: number) => {
      const found = queue.take(pid, BigInt(atMs) * ms);
      return found === undefined || found === 'later' ? found : found.comm;
    },
  };
};
const startOf = (pid: number, atMs: number, comm: string): AuditedStart => ({
  ...{ pid, atMs, comm, parentPid: 1, uid: 0, gid: 0, effectiveUid: 0, loginUid: undefined, sessionId: undefined },
  ...{
    tty: '',
    executable: `/bin/${comm}`,
    folder: '/',
    arguments: [comm],
    isCut: false,
    isIncomplete: false,
    mode: 0,
  },
});

it('gives each start what was told of it, whoever told first', () => {
  const { at, take, tell } = play();
  at(1000);
  expect(take(7, 998)).toBe('later');
  tell(7, 996, 'first');
  tell(7, 998, 'second');
  tell(8, 998, 'other');
  expect(take(7, 998)).toBe('first');
  expect(take(7, 999)).toBe('second');
  expect(take(7, 999)).toBe('later');
  expect(take(8, 999)).toBe('other');
});

it('waits for a second, and never takes what comes after that for the next start', () => {
  const { at, take, tell } = play();
  at(2000);
  expect(take(7, 1001)).toBe('later');
  at(2001);
  expect(take(7, 1001)).toBeUndefined();
  tell(7, 996, 'late');
  at(2500);
  tell(7, 2490, 'next');
  expect(take(7, 2495)).toBe('next');
});

it('forgets what nobody asks for, and holds no more than it may', () => {
  const { at, take, tell, queue } = play();
  tell(7, 0);
  at(3000);
  expect(take(7, 2999)).toBe('later');
  for (let pid = 10; pid < 20_000; pid += 1) tell(pid, 3000);
  expect(queue.size()).toBeLessThanOrEqual(8192);
  expect(take(10, 3000)).toBe('later');
  expect(take(19_999, 3000)).toBe('program');
  for (let count = 0; count < 1000; count += 1) tell(9, 3000);
  expect(queue.size()).toBeLessThanOrEqual(8192);
});
