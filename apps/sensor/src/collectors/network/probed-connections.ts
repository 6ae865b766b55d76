import type { Endpoint } from '@parapet/kernel';
import { containersOf, processId } from '../../kernel-watch/process-identity.ts';
import { type ProcessMemory, type RunningProcess, recallOrLook } from '../../kernel-watch/process-memory.ts';
import type { TcpChange, TcpConnection } from '../../kernel-watch/tcp-connections.ts';
import type { CgroupContainer } from '../../proc/container-ids.ts';
import { isLoopback, tupleKey } from './flow-table.ts';

/** Who a connection belongs to, as the kernel had it when it began: right also for a process that is gone by now. */
export type Holder = {
  /** Key of its process, as a `ProcessRecord` has it. */
  readonly key: string;
  readonly pid: number;
  /** Empty where it could not be told. */
  readonly executable: string;
  /** The innermost container. */
  readonly container: CgroupContainer | undefined;
  /** Inside another container. */
  readonly isNested: boolean;
};

/** A TCP connection that was answered, as the programs in the kernel tell it. */
export type ProbedConnection = {
  readonly netNamespace: number;
  readonly role: 'client' | 'server';
  /** `undefined` where who listens did so before we looked. */
  readonly holder: Holder | undefined;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** Payload, once it is over. */
  bytes: { readonly sent: number; readonly received: number } | undefined;
};

/**
 * Connections by the kernel's own news, however short they are and in whichever network namespace. Sockets that are met by looks
 * claim theirs; what nobody claims is told from here, so that each connection is told once.
 */
export type ProbedConnections = {
  readonly take: (change: TcpChange, now: number) => void;
  /** A look or its end showed this socket. `told` when it came too late: its connection has been told from here. */
  readonly claim: (netNamespace: number, local: Endpoint, remote: Endpoint) => ProbedConnection | 'told' | undefined;
  /** Connections that are over and that nobody claimed; those of watched namespaces after a grace. */
  readonly takeUnclaimed: (now: number, isWatched: (netNamespace: number) => boolean) => readonly ProbedConnection[];
  /** Who holds the end that is `local` for it, in whichever namespace; of connections that are there and of those told a moment ago. */
  readonly holderAt: (local: Endpoint, remote: Endpoint) => Holder | undefined;
  readonly size: () => number;
};

export type ProbedConnectionsDeps = {
  readonly memory: ProcessMemory;
  readonly running: RunningProcess;
  /** Takes what the kernel has told and was not read yet. */
  readonly catchUp: () => void;
  readonly lose: (cause: string, count: number) => void;
  readonly limit?: number;
};

/** Some 500 bytes each. */
const maxConnections = 16_384;
/** The kernel tells of an ended socket when its last holder lets it go, and that is read twice a second. */
const graceMs = 3000;
/** So long a socket may still show up whose connection was told from here. */
const rememberMs = 30_000;

export const createProbedConnections = (deps: ProbedConnectionsDeps): ProbedConnections => {
  const limit = deps.limit ?? maxConnections;
  const byEnds = new Map<string, Entry>();
  const anywhere = new Map<string, Entry>();
  let over: Entry[] = [];
  const told: Entry[] = [];

  const forget = (entry: Entry): void => {
    if (byEnds.get(entry.key) === entry) byEnds.delete(entry.key);
    const ends = tupleKey('tcp', entry.local, entry.remote);
    if (anywhere.get(ends) === entry) anywhere.delete(ends);
  };

  const open = (connection: TcpConnection): void => {
    const { role, netNamespace, local, remote, owner } = connection;
    const key = keyOf(netNamespace, local, remote);
    const entry: Entry = {
      ...{ key, role, netNamespace, local, remote },
      holder: owner === undefined ? undefined : holderOf(owner, deps),
      bytes: undefined,
      state: 'unclaimed',
      since: 0,
    };
    byEnds.delete(key);
    byEnds.set(key, entry);
    // Loopback addresses mean nothing outside their namespace.
    if (!isLoopback(local.address)) anywhere.set(tupleKey('tcp', local, remote), entry);
    if (byEnds.size <= limit) return;
    const [oldest] = byEnds.values();
    if (oldest === undefined) return;
    forget(oldest);
    if (oldest.state === 'unclaimed' && oldest.bytes === undefined) deps.lose('too-many', 1);
  };

  const close = ({ connection, sentBytes, receivedBytes }: TcpChange & { kind: 'close' }, now: number): void => {
    const entry = byEnds.get(keyOf(connection.netNamespace, connection.local, connection.remote));
    if (entry === undefined) return;
    entry.bytes = { sent: sentBytes, received: receivedBytes };
    entry.since = now;
    if (entry.state === 'claimed') forget(entry);
    else if (over.length < limit) over.push(entry);
    else {
      forget(entry);
      deps.lose('too-many', 1);
    }
  };

  return {
    take: (change, now) => {
      if (change.kind === 'open') open(change.connection);
      else if (change.kind === 'close') close(change, now);
    },
    claim: (netNamespace, local, remote) => {
      const key = keyOf(netNamespace, local, remote);
      // The socket may have been met before the news of its beginning was read; told without it, it would be told again by that.
      if (!byEnds.has(key)) deps.catchUp();
      const entry = byEnds.get(key);
      if (entry === undefined || entry.state === 'told') return entry === undefined ? undefined : 'told';
      entry.state = 'claimed';
      if (entry.bytes !== undefined) forget(entry);
      return entry;
    },
    takeUnclaimed: (now, isWatched) => {
      const due: Entry[] = [];
      const waiting: Entry[] = [];
      for (const entry of over) {
        if (entry.state !== 'unclaimed') continue;
        if (isWatched(entry.netNamespace) && now - entry.since < graceMs) waiting.push(entry);
        else due.push(entry);
      }
      over = waiting;
      for (const entry of due) {
        entry.state = 'told';
        entry.since = now;
      }
      told.push(...due);
      for (let [first] = told; first !== undefined && now - first.since > rememberMs; [first] = told) {
        told.shift();
        forget(first);
      }
      return due;
    },
    holderAt: (local, remote) => anywhere.get(tupleKey('tcp', local, remote))?.holder,
    size: () => byEnds.size,
  };
};

type Entry = ProbedConnection & {
  readonly key: string;
  state: 'unclaimed' | 'claimed' | 'told';
  /** When it was over, then when it was told; milliseconds. */
  since: number;
};

const keyOf = (netNamespace: number, local: Endpoint, remote: Endpoint): string =>
  `${netNamespace}|${tupleKey('tcp', local, remote)}`;

const holderOf = (owner: NonNullable<TcpConnection['owner']>, deps: ProbedConnectionsDeps): Holder => {
  const key = processId(owner.pid, owner.startNs);
  const containers = containersOf(owner);
  return {
    key,
    pid: owner.pid,
    executable: recallOrLook(key, owner.pid, deps).executable,
    container: containers.at(-1),
    isNested: containers.length > 1,
  };
};
