import type { Endpoint, TransportProtocol } from '@parapet/kernel';
import type { ProxyTarget } from './docker-proxy.ts';
import { tupleKey } from './flow-table.ts';

/**
 * A docker-proxy makes two connections of one: a client's to the published port, and its own to the container. The first is
 * told as the container's; the second, seen from both of its ends, must then not be told again. When all of it was over
 * before anyone looked, sockets no longer name their process: then each accepted connection excuses one of the proxy's own
 * at either end.
 */
export type ProxyLedger = {
  /** The proxies there are now. */
  readonly setTargets: (targets: readonly ProxyTarget[]) => void;
  readonly isTarget: (protocol: TransportProtocol, endpoint: Endpoint) => boolean;
  /** A client's connection was told. */
  readonly accepted: (target: ProxyTarget) => void;
  /** Whether an accepted connection still excuses one more at this end; takes it. */
  readonly excuse: (protocol: TransportProtocol, container: Endpoint, end: 'host' | 'container') => boolean;
};

export const createProxyLedger = (): ProxyLedger => {
  const credits = new Map<string, { host: number; container: number }>();
  const keyOf = (protocol: TransportProtocol, container: Endpoint): string => tupleKey(protocol, container, nowhere);
  return {
    setTargets: (targets) => {
      const keys = new Set(targets.map((target) => keyOf(target.protocol, target.container)));
      for (const key of credits.keys()) if (!keys.has(key)) credits.delete(key);
      for (const key of keys) if (!credits.has(key)) credits.set(key, { host: 0, container: 0 });
    },
    isTarget: (protocol, endpoint) => credits.has(keyOf(protocol, endpoint)),
    accepted: (target) => {
      const credit = credits.get(keyOf(target.protocol, target.container));
      if (credit === undefined) return;
      credit.host = Math.min(credit.host + 1, maxCredit);
      credit.container = Math.min(credit.container + 1, maxCredit);
    },
    excuse: (protocol, container, end) => {
      const credit = credits.get(keyOf(protocol, container));
      if (credit === undefined || credit[end] === 0) return false;
      credit[end] -= 1;
      return true;
    },
  };
};

/** More than this many never meet their other half; what is left over must not hide others for ever. */
const maxCredit = 10_000;
const nowhere: Endpoint = { address: '', port: 0 };
