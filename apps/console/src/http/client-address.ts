import { isInAnyBlock, normaliseAddress } from '@parapet/core';

/** More proxies than that do not stand in a row. */
const maxHops = 32;

/**
 * The client of a request. Each proxy appends whom it got the request from to `X-Forwarded-For`, so the list is believed from
 * its right end for as long as trusted proxies speak; what is left of the first stranger is that stranger's own invention.
 */
export const clientAddress = (
  peer: string,
  forwardedFor: string | readonly string[] | undefined,
  trusted: readonly string[],
): string => {
  if (forwardedFor === undefined || !isInAnyBlock(peer, trusted)) return peer;
  const hops = [forwardedFor].flat().join(',').split(',').slice(-maxHops).reverse();
  let client = peer;
  for (const hop of hops) {
    const address = addressIn(hop.trim());
    if (address === undefined) return client;
    client = address;
    if (!isInAnyBlock(address, trusted)) return client;
  }
  return client;
};

/** Some proxies add the port, and then IPv6 stands in brackets. */
const addressIn = (text: string): string | undefined =>
  normaliseAddress(/^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? text);
