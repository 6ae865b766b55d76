import { readFileSync } from 'node:fs';
import { fail, messageOf, ok, type Problem, problem, type Result } from '@parapet/core';
import { formatIpv4, formatIpv6 } from '../ip-address.ts';
import { type Endpoint, type SocketRow, socketStateOf, type TransportProtocol } from '../socket-row.ts';

/**
 * The sockets of a network namespace from `/proc/<pid>/net/{tcp,tcp6,udp,udp6}` (proc_pid_net(5)), for where netlink is
 * denied. No byte counts, and much slower on many sockets.
 */
export const readSocketFiles = (
  folder: string,
  onSocket: (row: SocketRow) => void,
  maxSockets: number,
): Result<{ readonly complete: boolean }, Problem> => {
  let left = maxSockets;
  let read = 0;
  let failure = '';
  for (const { file, protocol } of files) {
    try {
      for (const row of parseSocketFile(readFileSync(`${folder}/${file}`, 'latin1'), protocol)) {
        left -= 1;
        if (left >= 0) onSocket(row);
      }
      read += 1;
    } catch (error) {
      // Without IPv6 two of the files are missing, which is no failure; with none of them there is nothing to see.
      failure = messageOf(error);
    }
  }
  return read === 0
    ? fail(problem('unreadable', `The socket tables cannot be read: ${failure}`, folder))
    : ok({ complete: left >= 0 });
};

/** The rows of one such file; lines that are none are left out. */
export const parseSocketFile = (text: string, protocol: TransportProtocol): readonly SocketRow[] =>
  text.split('\n').flatMap((line) => {
    const row = parseLine(line, protocol);
    return row === undefined ? [] : [row];
  });

const files = [
  { file: 'tcp', protocol: 'tcp' },
  { file: 'tcp6', protocol: 'tcp' },
  { file: 'udp', protocol: 'udp' },
  { file: 'udp6', protocol: 'udp' },
] as const;

/** Columns: number, local, remote, state, queues, timer, retransmits, uid, timeout, inode. */
const parseLine = (line: string, protocol: TransportProtocol): SocketRow | undefined => {
  const columns = line.trim().split(/\s+/);
  const local = parseEndpoint(columns[1] ?? '');
  const peer = parseEndpoint(columns[2] ?? '');
  if (local === undefined || peer === undefined) return undefined;
  const inode = Number(columns[9] ?? 0);
  return {
    protocol,
    state: socketStateOf(protocol, Number.parseInt(columns[3] ?? '', 16)),
    local,
    peer,
    uid: Number(columns[7] ?? 0),
    inode,
    identity: inode,
  };
};

/** `0100007F:1F90`: the address as words in host order, the port in plain hex. */
const parseEndpoint = (text: string): Endpoint | undefined => {
  const match = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text);
  if (match === null) return undefined;
  const bytes = Buffer.from(match[1] ?? '', 'hex').swap32();
  return {
    address: bytes.length === 4 ? formatIpv4(bytes, 0) : formatIpv6(bytes, 0),
    port: Number.parseInt(match[2] ?? '', 16),
  };
};
