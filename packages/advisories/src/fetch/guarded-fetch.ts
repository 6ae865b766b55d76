import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { classifyAddress, isInBlock } from '@parapet/core';
import { Agent, type Dispatcher, ProxyAgent, type Response, fetch as undiciFetch } from 'undici';
import type { FeedFetch } from './download.ts';

/** A proxy, which may hold `user:password@`, and the hosts that are reached without it, as `NO_PROXY` lists them. */
export type FeedProxy = { readonly url: string; readonly except: readonly string[] };

const maxRedirects = 5;

/**
 * Fetches from the publishers and where they redirect to. What the operator named may lie anywhere; what a server answers
 * with may not lead into the network of the console: another host must be reached by https and have a global address, which
 * is looked at when connecting, so that a name cannot change its mind in between. Behind a proxy the proxy resolves names, and
 * only addresses can be judged here.
 */
export const createGuardedFetch = (options: {
  readonly proxy?: FeedProxy | undefined;
  /** Host names (with port) that the operator chose. */
  readonly trustedHosts: ReadonlySet<string>;
  /** For tests. */
  readonly lookup?: LookupFunction;
}): FeedFetch => {
  const direct = new Agent();
  const guarded = new Agent({ connect: { lookup: refusePrivate(options.lookup ?? systemLookup) } });
  const proxied = options.proxy === undefined ? undefined : new ProxyAgent(options.proxy.url);
  const dispatcherFor = (url: URL): Dispatcher => {
    if (proxied !== undefined && !isExcepted(url, options.proxy?.except ?? [])) return proxied;
    return options.trustedHosts.has(url.host) ? direct : guarded;
  };
  return async (asked, init) => {
    let url = new URL(asked);
    for (let redirects = 0; ; redirects += 1) {
      const response: Response = await undiciFetch(url, {
        ...init,
        redirect: 'manual',
        dispatcher: dispatcherFor(url),
      });
      const location = response.headers.get('location');
      if (response.status < 301 || response.status > 308 || response.status === 304 || location === null)
        return response;
      await response.body?.cancel();
      if (redirects >= maxRedirects) throw new Error(`more than ${maxRedirects} redirects`);
      url = new URL(location, url);
      requireAllowed(url, options.trustedHosts);
    }
  };
};

const requireAllowed = (url: URL, trustedHosts: ReadonlySet<string>): void => {
  if (trustedHosts.has(url.host)) return;
  if (url.protocol !== 'https:') throw new Error(`the server redirects to ${url.origin}, which is not encrypted`);
  const bare = url.hostname.replace(/^\[|\]$/g, '');
  const addressClass = classifyAddress(bare);
  if (bare === 'localhost' || (addressClass !== undefined && addressClass !== 'internet'))
    throw new Error(`the server redirects to ${url.origin}, which is no address of the Internet`);
};

/** A name lookup that leaves nothing but global addresses. */
const refusePrivate =
  (lookup: LookupFunction): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0);
      const all = (Array.isArray(addresses) ? addresses : []) as LookupAddress[];
      const global = all.filter(({ address }) => classifyAddress(address) === 'internet');
      const [first] = global;
      if (first === undefined) return callback(new Error(`${hostname} has no address of the Internet`), '', 0);
      if (options.all === true) callback(null, global);
      else callback(null, first.address, first.family);
    });
  };

/** As curl reads `NO_PROXY`: `*`, names with all below them, addresses, CIDR blocks; a port may follow a name. */
const isExcepted = (url: URL, except: readonly string[]): boolean => {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return except.some((text) => {
    if (text === '*') return true;
    if (text.includes('/')) return isInBlock(host, text);
    const [, name = '', onlyPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(text.trim().toLowerCase()) ?? [];
    const bare = name.replace(/^\*?\./, '');
    return bare !== '' && (host === bare || host.endsWith(`.${bare}`)) && (onlyPort === undefined || onlyPort === port);
  });
};
