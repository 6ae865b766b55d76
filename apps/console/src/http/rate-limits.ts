import type { RouteName } from '@parapet/contract/api';
import { AppError, isInBlock, normaliseAddress } from '@parapet/core';
import type { FastifyRequest } from 'fastify';

export type RateLimit = {
  readonly max: number;
  readonly timeWindow: number;
  readonly groupId: string;
};

export type RateLimits = { readonly forRoute: (name: RouteName | 'other') => RateLimit };

export type RateLimitSettings = {
  /** Requests a minute of one address. */
  readonly signIn: number;
  readonly links: number;
  readonly general: number;
};

/** A page makes some ten requests, and an office may share one address; passwords and links are guessed by nobody at 20 a minute. */
export const defaultRateLimits: RateLimitSettings = { signIn: 20, links: 20, general: 3_000 };

export const createRateLimits = (settings: RateLimitSettings): RateLimits => {
  const perMinute = (groupId: string, max: number): RateLimit => ({ max, timeWindow: 60_000, groupId });
  const signIn = perMinute('sign-in', settings.signIn);
  const links = perMinute('links', settings.links);
  const general = perMinute('general', settings.general);
  const special: Partial<Record<RouteName | 'other', RateLimit>> = {
    'session.create': signIn,
    'me.password': signIn,
    'links.use': links,
    'links.inspect': links,
  };
  return { forRoute: (name) => special[name] ?? general };
};

/** Whom a request counts for: an IPv4 address, or the /64 that one IPv6 site commands. */
export const rateLimitKey = (request: Pick<FastifyRequest, 'ip'>): string => {
  const address = normaliseAddress(request.ip) ?? request.ip;
  if (!address.includes(':')) return address;
  return isInBlock(address, '::1/128') ? address : prefix64(address);
};

export const tooManyRequests = (retryAfterMs: number): AppError =>
  new AppError(
    'too-many-requests',
    429,
    `Too many requests from this address. Try again in ${Math.max(1, Math.ceil(retryAfterMs / 1000))} s.`,
  );

const prefix64 = (address: string): string => {
  const [head = '', tail] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const middle = tail === undefined ? [] : Array.from({ length: 8 - left.length - right.length }, () => '0');
  return `${[...left, ...middle, ...right].slice(0, 4).join(':')}::/64`;
};
