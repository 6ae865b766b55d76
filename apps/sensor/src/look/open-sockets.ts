import type { OpenSocket } from '@parapet/contract/wire';
import { normaliseAddress, readFileBounded } from '@parapet/core';

/** A table of a busy network namespace; what lies beyond is not looked up. */
const tableBytes = 8 * 1024 * 1024;

export type SocketFacts = Omit<OpenSocket, 'descriptor'>;
export type SocketTable = { readonly byInode: ReadonlyMap<string, SocketFacts>; readonly cut: boolean };

/**
 * The sockets of a process's network namespace that are asked for by their inodes. The tables go through the thread pool: a
 * namespace may have hundreds of thousands.
 */
export const readSockets = async (procPath: string, pid: number, wanted: ReadonlySet<string>): Promise<SocketTable> => {
  const byInode = new Map<string, SocketFacts>();
  let cut = false;
  for (const { name, parse } of wanted.size === 0 ? [] : tables) {
    const read = await readFileBounded(`${procPath}/${pid}/net/${name}`, tableBytes);
    if (!read.ok) {
      cut ||= read.error.code === 'too-large';
      continue;
    }
    for (const line of read.value.toString('utf8').split('\n').slice(1)) {
      const found = parse(line);
      if (found !== undefined && wanted.has(found.inode)) byInode.set(found.inode, found.facts);
    }
  }
  return { byInode, cut };
};

type Parsed = { readonly inode: string; readonly facts: SocketFacts };

/**
 * A line of `/proc/net/{tcp,udp}{,6}` (Linux, Documentation/networking/proc_net_tcp.rst): number, local and remote end as
 * hex address and port, state, and as tenth word the inode.
 */
export const parseInet = (line: string, protocol: 'tcp' | 'udp'): Parsed | undefined => {
  const words = line.trim().split(/\s+/, 11);
  const [local, remote] = [endOf(words[1]), endOf(words[2])];
  const inode = words[9];
  if (local === undefined || remote === undefined || inode === undefined) return undefined;
  const state = protocol === 'tcp' ? tcpStates[Number.parseInt(words[3] ?? '', 16)] : undefined;
  return {
    inode,
    facts: {
      protocol,
      ...(state === undefined ? {} : { state }),
      ...{ localAddress: local.address, localPort: local.port },
      // An end that is not there is all zeros.
      ...(remote.port === 0 ? {} : { remoteAddress: remote.address, remotePort: remote.port }),
    },
  };
};

/** A line of `/proc/net/unix`: address, count, protocol, flags, type, state, inode, and the path where it is bound. */
export const parseUnix = (line: string): Parsed | undefined => {
  const match = /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ ([0-9A-F]+) [0-9A-F]+ ([0-9A-F]+) +(\d+)(?: (.*))?$/i.exec(line);
  const inode = match?.[3];
  if (match === null || inode === undefined) return undefined;
  const listens = (Number.parseInt(match[1] ?? '0', 16) & acceptsFlag) !== 0;
  return {
    inode,
    facts: {
      protocol: 'unix',
      state: listens ? 'listening' : match[2] === '03' ? 'established' : 'unconnected',
      ...(match[4] === undefined || match[4] === '' ? {} : { path: match[4].slice(0, 4096) }),
    },
  };
};

/** `__SO_ACCEPTCON`. */
const acceptsFlag = 0x1_0000;

const tables: readonly { readonly name: string; readonly parse: (line: string) => Parsed | undefined }[] = [
  { name: 'tcp', parse: (line) => parseInet(line, 'tcp') },
  { name: 'tcp6', parse: (line) => parseInet(line, 'tcp') },
  { name: 'udp', parse: (line) => parseInet(line, 'udp') },
  { name: 'udp6', parse: (line) => parseInet(line, 'udp') },
  { name: 'unix', parse: parseUnix },
];

/** include/net/tcp_states.h. */
const tcpStates: Readonly<Record<number, string>> = {
  1: 'established',
  2: 'syn-sent',
  3: 'syn-received',
  4: 'fin-wait-1',
  5: 'fin-wait-2',
  6: 'time-wait',
  7: 'closed',
  8: 'close-wait',
  9: 'last-ack',
  10: 'listening',
  11: 'closing',
};

const endOf = (text: string | undefined): { readonly address: string; readonly port: number } | undefined => {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/i.exec(text ?? '');
  if (match === null) return undefined;
  return { address: addressOf(match[1] ?? ''), port: Number.parseInt(match[2] ?? '0', 16) };
};

/** The kernel prints each 32-bit word as it lies in memory: on machines of ours, the last byte first. */
const addressOf = (hex: string): string => {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).toReversed(),
  );
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  return normaliseAddress(groups.join(':')) ?? groups.join(':');
};
