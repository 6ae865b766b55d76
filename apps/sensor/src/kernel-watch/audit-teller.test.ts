import { fail, ok, problem } from '@parapet/core';
import { type AuditedStart, type AuditedStartsOptions, bootClockNs } from '@parapet/kernel';
import { expect, it } from 'vitest';
import type { AuditMemory } from './audit-memory.ts';
import { createAuditTeller } from './audit-teller.ts';

const before = { enabled: 0, failure: 1, backlogLimit: 64, backlogWaitTime: 15_000 };
const start: AuditedStart = {
  ...{ atMs: Date.now(), pid: 7, parentPid: 1, uid: 1000, gid: 100, effectiveUid: 0, loginUid: 1000, sessionId: 3 },
  ...{ tty: 'pts4', comm: 'passwd', executable: '/usr/bin/passwd', folder: '/srv', arguments: ['passwd', '-S'] },
  ...{ isCut: false, isIncomplete: false, mode: 0o104755 },
};

/** An audit that a test plays. */
const play = (isLogKept = true) => {
  let options: AuditedStartsOptions | undefined;
  const done: string[] = [];
  const waiting: AuditedStart[] = [];
  const memory: AuditMemory = {
    keep: async ({ backlogLimit }) => {
      done.push(`kept ${backlogLimit}`);
      return ok(undefined);
    },
    settle: async () => {
      done.push('settled');
      return undefined;
    },
  };
  const open = async () => {
    const opened = await createAuditTeller({
      ...{ sharing: 'unused', procPath: '/proc', memory },
      open: async (given) => {
        options = given;
        await given.keep(before);
        const drain = () => {
          for (const one of waiting.splice(0)) given.onStart(one);
        };
        const close = async () => {
          done.push('closed');
        };
        return ok({ drain, check: async () => {}, close, isLogKept });
      },
    }).open();
    if (!opened.ok || options === undefined) throw new Error('it did not open');
    return { teller: opened.value, audit: options };
  };
  return { open, waiting, memory, done };
};

it('tells what audit says, read from the kernel when it is asked for', async () => {
  const host = play();
  const { teller } = await host.open();
  expect(teller.take(7, bootClockNs())).toBe('later');
  host.waiting.push(start);
  expect(teller.take(7, bootClockNs())).toEqual({
    process: { comm: 'passwd', uid: 1000, gid: 100, effectiveUid: 0, loginUid: 1000, sessionId: 3 },
    ...{ executable: '/usr/bin/passwd', folder: '/srv', tty: 'pts/4', mode: 0o104755, isIncomplete: false },
    arguments: { argv: ['passwd', '-S'], cut: false },
  });
});

it('says of what is incomplete that there was more', async () => {
  const host = play();
  const { teller } = await host.open();
  host.waiting.push({ ...start, isIncomplete: true }, { ...start, arguments: [], isIncomplete: true });
  expect(teller.take(7, bootClockNs())).toMatchObject({ isIncomplete: true, arguments: { cut: true } });
  expect(teller.take(7, bootClockNs())).toMatchObject({ isIncomplete: true, arguments: undefined });
});

it('remembers what was set before, and puts it back in the end', async () => {
  const host = play();
  const { teller } = await host.open();
  expect(host.done).toEqual(['kept 64']);
  await teller.close();
  expect(host.done).toEqual(['kept 64', 'closed', 'settled']);
});

it('says where what security modules tell is lost meanwhile', async () => {
  expect((await play().open()).teller.remark).toBeUndefined();
  expect((await play(false).open()).teller.remark).toContain('AppArmor');
});

it('counts what the kernel dropped, and waits for nothing once it was given back', async () => {
  const host = play();
  const { teller, audit } = await host.open();
  audit.onLost(7);
  audit.onLost(2);
  expect(await teller.lost?.()).toBe(9);
  expect(teller.trouble?.()).toBeUndefined();
  audit.onEnded('Another program asked for it.');
  expect(teller.trouble?.()).toContain('Another program asked for it.');
  expect(teller.take(7, bootClockNs())).toBeUndefined();
  expect(host.done).toEqual(['kept 64', 'settled']);
});

it('is left out where it is to be, and says why it is refused', async () => {
  const parts = { procPath: '/proc', memory: play().memory };
  const off = await createAuditTeller({ ...parts, sharing: 'off' }).open();
  expect(off).toMatchObject({ ok: false, error: { message: expect.stringContaining('PARAPET_AUDIT') } });
  const refused = createAuditTeller({
    ...{ ...parts, sharing: 'unused' },
    open: async () => fail(problem('in-use', 'Records go to auditd.')),
  });
  expect(await refused.open()).toMatchObject({ ok: false, error: { message: 'Records go to auditd.' } });
});
