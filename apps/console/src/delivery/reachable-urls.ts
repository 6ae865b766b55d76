import { normaliseAddress } from '@parapet/core';

const maxUrls = 8;

/**
 * The console's addresses as another host may reach them, best first: those that people named, names with a domain, addresses,
 * bare names. What only this machine understands is left out, unless there is nothing else.
 */
export const reachableUrls = (all: readonly string[], named: readonly string[]): readonly string[] => {
  const rank = (url: string): number => {
    if (named.includes(url)) return 0;
    const { hostname } = new URL(url);
    if (normaliseAddress(hostname.replace(/^\[|\]$/g, '')) !== undefined) return hostname.startsWith('[') ? 3 : 2;
    return hostname.includes('.') ? 1 : 4;
  };
  const outward = all.filter((url) => named.includes(url) || !/^(localhost|127\.|\[::1\])/.test(new URL(url).hostname));
  return [...(outward.length === 0 ? all : outward)].sort((one, other) => rank(one) - rank(other)).slice(0, maxUrls);
};
