import { describe, expect, it } from 'vitest';
import { type NetworkSight, networkStatus } from './network-status.ts';

const full: NetworkSight = {
  isRoot: true,
  sockets: 'sock_diag',
  ends: true,
  tracking: 'active',
  unprobed: undefined,
  missedNamespaces: { count: 0, reason: '' },
  lookEveryMs: 1000,
};

it('has nothing to say when it sees all', () => {
  expect(networkStatus(full)).toEqual({ state: 'running', source: 'ebpf + conntrack + sock_diag' });
});

describe('says what it does not see', () => {
  it.each<readonly [Partial<NetworkSight>, string]>([
    [{ isRoot: false, tracking: 'absent' }, 'sudo ./parapet up'],
    [{ sockets: 'procfs' }, 'Netlink is denied'],
    [{ unprobed: 'It is too old.' }, 'blind span, since the kernel gives no news of connections here: It is too old.'],
    [{ ends: false, unprobed: 'It is too old.' }, 'between two looks'],
    [{ tracking: 'idle' }, 'No firewall or NAT rule'],
    [{ tracking: 'absent' }, 'nf_conntrack_netlink'],
    [{ missedNamespaces: { count: 3, reason: 'too many' } }, '3 container networks are not watched (too many)'],
    [{ lookEveryMs: 12_000 }, 'every 12 s'],
  ])('%o', (change, expected) => {
    const status = networkStatus({ ...full, ...change });
    expect(status.state).toBe('degraded');
    expect(status.reason).toContain(expected);
  });
});

it('names the source that is left', () => {
  expect(networkStatus({ ...full, tracking: 'idle' }).source).toBe('ebpf + sock_diag');
  const least = { tracking: 'absent', sockets: 'procfs', ends: false, unprobed: 'It is too old.' } as const;
  expect(networkStatus({ ...full, ...least }).source).toBe('procfs');
});
