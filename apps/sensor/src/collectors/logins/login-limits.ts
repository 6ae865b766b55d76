import { createRateLimit, type RateLimit } from '../../telemetry/rate-limit.ts';
import type { LoginFact } from './login-fact.ts';

/** Who guesses passwords fills no store, and hides nobody else’s tries: each origin has a rate of its own. */
export type LoginLimits = {
  readonly take: (fact: LoginFact, nowMs: number) => boolean;
  /** Short, fixed words for what was refused. */
  readonly causeOf: (fact: LoginFact) => string;
};

const failuresOfOne = { perSecond: 10, burst: 200 };
const failuresOfAll = { perSecond: 50, burst: 1000 };
const others = { perSecond: 200, burst: 4000 };
const maxOrigins = 1024;
/** Who owns a container writes there what he likes: neither the host’s own logins nor those of other containers suffer from it. */
const ofOneContainer = { perSecond: 20, burst: 400 };
const ofAllContainers = { perSecond: 100, burst: 2000 };

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
    causeOf: ({ outcome }) => (outcome === 'failure' ? 'too many failed logins' : 'too many logins'),
  };
};

/** Makes the limits of each container, which also hold for all of them together. */
export const createContainerLimits = (): (() => LoginLimits) => {
  const all = createRateLimit(ofAllContainers);
  return () => {
    const one = createRateLimit(ofOneContainer);
    return {
      take: (_fact, nowMs) => one.take(nowMs) && all.take(nowMs),
      causeOf: () => 'too many logins in containers',
    };
  };
};
