import type { Clock } from '@parapet/core';
import type { TelemetrySource } from '../../telemetry/telemetry-stream.ts';
import { type AboutLogin, describeLogin } from './login-events.ts';
import type { LoginFact } from './login-fact.ts';
import type { LoginLimits } from './login-limits.ts';

/** Makes events of what was read, within limits, and counts what it leaves out. */
export type LoginTeller = {
  readonly tell: (fact: LoginFact, about: ReadAbout, limits: LoginLimits) => void;
  readonly unreadable: (cause: string) => void;
  /** How many there were since the start. */
  readonly produced: () => number;
};

export type ReadAbout = Omit<AboutLogin, 'atUs'> & {
  /** As the source says it. */
  readonly atUs: number | undefined;
};

export const createLoginTeller = (source: TelemetrySource, clock: Clock): LoginTeller => {
  let produced = 0;
  return {
    tell: (fact, about, limits) => {
      const times = fact.times ?? 1;
      produced += times;
      if (!source.wants(fact.action)) {
        source.unwanted(times);
        return;
      }
      for (let told = 0; told < times; told += 1) {
        if (!limits.take(fact, performance.now())) {
          // A line may say that it stands for thousands.
          source.lost({ stage: 'filter', cause: limits.causeOf(fact), count: times - told });
          return;
        }
        const nowUs = clock.now() * 1000;
        // What a clock that was set or a forger puts ahead of now has happened by now.
        const atUs = about.atUs === undefined || about.atUs > nowUs ? nowUs : about.atUs;
        source.tell('account', describeLogin(fact, { ...about, atUs }));
      }
    },
    unreadable: (cause) => {
      produced += 1;
      source.lost({ stage: 'reader', cause, count: 1 });
    },
    produced: () => produced,
  };
};
