import { closeSync, openSync, readSync } from 'node:fs';
import type { Endpoint, TransportProtocol } from '@parapet/kernel';
import type { KnownProcess } from '../workload-directory.ts';

/** What a docker-proxy passes on: connections to a published port, to the container behind it. */
export type ProxyTarget = {
  readonly protocol: TransportProtocol;
  readonly hostPort: number;
  readonly container: Endpoint;
};

export type DockerProxies = {
  /** The target of a process that is a docker-proxy of the host, `undefined` for any other. */
  readonly targetOf: (process: KnownProcess) => ProxyTarget | undefined;
};

/** Reads each process's arguments once. */
export const createDockerProxies = (readArguments: (pid: number) => readonly string[]): DockerProxies => {
  const known = new Map<string, ProxyTarget | undefined>();
  return {
    targetOf: (process) => {
      // The name alone is no proof: inside a container anyone may call a program so.
      if (process.containerKey !== undefined || !process.executable.endsWith('/docker-proxy')) return undefined;
      if (!known.has(process.key)) {
        if (known.size >= maxKnown) known.clear();
        known.set(process.key, parseProxyArguments(readArguments(process.pid)));
      }
      return known.get(process.key);
    },
  };
};

/** `docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80` */
export const parseProxyArguments = (words: readonly string[]): ProxyTarget | undefined => {
  const argument = (flag: string): string | undefined => {
    const at = words.findIndex((word) => word.replace(/^--?/, '').split('=', 1)[0] === flag);
    if (at < 0) return undefined;
    const word = words[at];
    return word?.includes('=') ? word.slice(word.indexOf('=') + 1) : words[at + 1];
  };
  const protocol = argument('proto');
  const address = argument('container-ip');
  const hostPort = Number(argument('host-port'));
  const port = Number(argument('container-port'));
  if ((protocol !== 'tcp' && protocol !== 'udp') || address === undefined || !isPort(hostPort) || !isPort(port))
    return undefined;
  return { protocol, hostPort, container: { address, port } };
};

/** The arguments of a process, cut at 4 KiB; none once it is gone. */
export const readProcessArguments = (procPath: string, pid: number): readonly string[] => {
  const bytes = new Uint8Array(4096);
  try {
    const fd = openSync(`${procPath}/${pid}/cmdline`, 'r');
    try {
      return Buffer.from(bytes.subarray(0, readSync(fd, bytes)))
        .toString('latin1')
        .split('\0');
    } finally {
      closeSync(fd);
    }
  } catch {
    // Gone meanwhile: then it proxies nothing either.
    return [];
  }
};

const maxKnown = 4096;

const isPort = (value: number): boolean => Number.isInteger(value) && value > 0 && value < 65_536;
