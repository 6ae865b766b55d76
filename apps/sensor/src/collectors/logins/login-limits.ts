import { createRateLimit, type RateLimit } from '../../telemetry/rate-limit.ts';
import type { LoginFact } from './login-fact.ts';

/** Who guesses passwords fills no store, and hides nobody else’s tries: each origin has a rate of its own. */
export type LoginLimits = { readonly take: (fact: LoginFact, nowMs: number) => boolean };

const failuresOfOne = { perSecond: 10, burst: 200 };
const failuresOfAll = { perSecond: 50, burst: 1000 };
const others = { perSecond: 200, burst: 4000 };
const maxOrigins = 1024;

export const createLoginLimits = (): LoginLimits => {
  const allFailures = createRateLimit(failuresOfAll);
  const allOthers = createRateLimit(others);
  const origins = new Map<string, RateLimit>();
  const limitOf = (origin: string): RateLimit => {
    const limit = origins.get(origin) ?? createRateLimit(failuresOfOne);
    origins.delete(origin);
    origins.set(origin, limit);
    const [oldest] = origins.keys();
    if (origins.size > maxOrigins && oldest !== undefined) origins.delete(oldest);
    return limit;
  };
  return {
    take: (fact, nowMs) => {
      if (fact.outcome !== 'failure') return allOthers.take(nowMs);
      const origin = fact.address ?? fact.domain ?? `${fact.by ?? ''} ${fact.terminal ?? ''}`;
      return limitOf(origin).take(nowMs) && allFailures.take(nowMs);
    },
  };
};
