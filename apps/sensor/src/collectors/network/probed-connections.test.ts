import { describe, expect, it } from 'vitest';
import { createProcessMemory } from '../../kernel-watch/process-memory.ts';
import type { TcpConnection } from '../../kernel-watch/tcp-connections.ts';
import { probedProcess } from '../../kernel-watch/testing/probed.ts';
import { createProbedConnections, type ProbedConnections } from './probed-connections.ts';

const id = 'a'.repeat(64);
const remote = { address: '10.0.0.2', port: 443 };
const connection = (port: number, more: Partial<TcpConnection> = {}): TcpConnection => ({
  role: 'client',
  netNamespace: 7,
  owner: probedProcess(100, 'nc', { cgroups: [`docker-${id}.scope`, 'system.slice'] }),
  beganNs: 1n,
  local: { address: '10.0.0.1', port },
  remote,
  ...more,
});

const createStage = (limit?: number) => {
  const losses: string[] = [];
  const unread: (() => void)[] = [];
  const memory = createProcessMemory();
  memory.remember('100:100', { name: 'nc', executable: '/bin/nc' });
  const probed = createProbedConnections({
    memory,
    running: () => undefined,
    catchUp: () => {
      for (const read of unread.splice(0)) read();
    },
    lose: (cause, count) => losses.push(`${cause} ${count}`),
    ...(limit === undefined ? {} : { limit }),
  });
  const live = (port: number, now: number, more?: Partial<TcpConnection>): void => {
    const made = connection(port, more);
    probed.take({ kind: 'open', atNs: 1n, connection: made }, now);
    probed.take({ kind: 'close', atNs: 2n, connection: made, sentBytes: 10, receivedBytes: 5 }, now);
  };
  return { probed, losses, live, unread };
};
const claim = (probed: ProbedConnections, port: number, netNamespace = 7) =>
  probed.claim(netNamespace, { address: '10.0.0.1', port }, remote);
const unwatched = (): boolean => false;
const watched = (): boolean => true;

describe('connections that the kernel tells', () => {
  it('are told at once where no look can be taken, with who held them and what they carried', () => {
    const { probed, live } = createStage();
    live(1, 0);
    expect(probed.takeUnclaimed(0, unwatched)).toMatchObject([
      {
        netNamespace: 7,
        role: 'client',
        holder: { key: '100:100', pid: 100, executable: '/bin/nc', container: { id, runtime: 'docker' } },
        local: { port: 1 },
        bytes: { sent: 10, received: 5 },
      },
    ]);
    expect(probed.takeUnclaimed(0, unwatched)).toEqual([]);
  });

  it('are left to looks where these claim them, before or after their end', () => {
    const { probed, live } = createStage();
    probed.take({ kind: 'open', atNs: 1n, connection: connection(1) }, 0);
    expect(claim(probed, 1)).toMatchObject({ holder: { executable: '/bin/nc' } });
    probed.take({ kind: 'close', atNs: 2n, connection: connection(1), sentBytes: 1, receivedBytes: 1 }, 0);
    live(2, 0);
    expect(probed.takeUnclaimed(1000, watched)).toEqual([]);
    expect(claim(probed, 2)).toMatchObject({ bytes: { sent: 10 } });
    expect(probed.takeUnclaimed(60_000, watched)).toEqual([]);
    expect(probed.size()).toBe(0);
  });

  it('are told after a grace where a watched socket did not show up', () => {
    const { probed, live } = createStage();
    live(1, 0);
    expect(probed.takeUnclaimed(2000, watched)).toEqual([]);
    expect(probed.takeUnclaimed(3000, watched)).toHaveLength(1);
  });

  it('are told once: a socket that shows up later is known to be told, for a while', () => {
    const { probed, live } = createStage();
    live(1, 0);
    probed.takeUnclaimed(0, unwatched);
    expect(claim(probed, 1)).toBe('told');
    expect(claim(probed, 1, 8)).toBeUndefined();
    probed.takeUnclaimed(60_000, unwatched);
    expect(claim(probed, 1)).toBeUndefined();
  });

  it('are none when nobody answered', () => {
    const { probed } = createStage();
    probed.take({ kind: 'fail', atNs: 1n, connection: connection(1) }, 0);
    expect(probed.takeUnclaimed(60_000, unwatched)).toEqual([]);
  });

  it('are held up to a limit, and what finds no place is counted unless a look has it', () => {
    const { probed, losses } = createStage(2);
    for (const port of [1, 2, 3, 4]) {
      probed.take({ kind: 'open', atNs: 1n, connection: connection(port) }, 0);
      if (port === 1) claim(probed, 1);
    }
    expect(probed.size()).toBe(2);
    expect(losses).toEqual(['too-many 1']);
  });

  it('are told once where a look meets the socket before the kernel’s news of it was read', () => {
    const { probed, live, unread } = createStage();
    unread.push(() => live(1, 0));
    expect(claim(probed, 1)).toMatchObject({ holder: { executable: '/bin/nc' }, bytes: { received: 5 } });
    expect(probed.takeUnclaimed(10_000, watched)).toEqual([]);
    expect(claim(probed, 2)).toBeUndefined();
  });

  it('say who holds an end, from its beginning until a while after it was told; loopback means nothing elsewhere', () => {
    const { probed, live } = createStage();
    const holderAt = (port: number, address = '10.0.0.1') => probed.holderAt({ address, port }, remote);
    const own = { address: '127.0.0.1', port: 9 };
    probed.take({ kind: 'open', atNs: 1n, connection: connection(1) }, 0);
    probed.take({ kind: 'open', atNs: 1n, connection: connection(9, { local: own }) }, 0);
    expect(holderAt(1)).toMatchObject({ pid: 100, container: { id } });
    expect(holderAt(9, own.address)).toBeUndefined();
    live(2, 0);
    probed.takeUnclaimed(0, unwatched);
    expect(holderAt(2)).toMatchObject({ pid: 100 });
    probed.takeUnclaimed(30_001, unwatched);
    expect(holderAt(2)).toBeUndefined();
  });
});
