import { describe, expect, it } from 'vitest';
import { type AuditUse, countReaders, whyNotToTake } from './audit-use.ts';

const unused: AuditUse = {
  status: { enabled: 0, failure: 1, pid: 0, backlogLimit: 64, lost: 0, backlogWaitTime: 15_000 },
  ...{ daemon: undefined, rules: 0, readers: 0 },
};
const withStatus = (status: Partial<AuditUse['status']>): AuditUse => ({
  ...unused,
  status: { ...unused.status, ...status },
});

describe('whyNotToTake', () => {
  it('takes what nobody uses, also after a daemon that was killed', () => {
    expect(whyNotToTake(unused, 'unused')).toBeUndefined();
    expect(whyNotToTake(withStatus({ pid: 5 }), 'unused')).toBeUndefined();
  });

  it.each([
    ['a daemon', { ...withStatus({ pid: 5 }), daemon: 'auditd' }, 'auditd (process 5)'],
    ['a lock', withStatus({ enabled: 2 }), 'locked'],
    ['a panic', withStatus({ failure: 2 }), 'panic'],
    ['rules', { ...unused, rules: 3 }, '3 rules'],
  ])('never takes it from %s', (_, use, reason) => {
    for (const sharing of ['unused', 'shared'] as const) expect(whyNotToTake(use, sharing)).toContain(reason);
  });

  it.each([
    ['that is on', withStatus({ enabled: 1 })],
    ['that is read along', { ...unused, readers: 1 }],
  ])('shares one %s only where it was told to', (_, use) => {
    expect(whyNotToTake(use, 'unused')).toBeDefined();
    expect(whyNotToTake(use, 'shared')).toBeUndefined();
  });
});

describe('countReaders', () => {
  const head = 'sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n';
  it.each([
    ['the kernel’s own socket', '00000000e6c1f1f8 9   0          00000000 0 0 0 2 0 6', 0],
    ['one who reads along', '00000000e6c1f1f8 9   1          00000001 0 0 0 2 0 6', 1],
    ['one of another protocol', '00000000e6c1f1f8 15  1          00000001 0 0 0 2 0 6', 0],
    ['another group', '00000000e6c1f1f8 9   1          00000002 0 0 0 2 0 6', 0],
    ['nonsense', '9 9 9 zzz', 0],
  ])('counts %s', (_, line, expected) => expect(countReaders(`${head}${line}\n`)).toBe(expected));
});
