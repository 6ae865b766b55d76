import type { Clock } from '@parapet/core';
import { messageOf } from '@parapet/core';
import type pg from 'pg';
import { explainDatabaseFailure } from './external/explain.ts';

export type StoreHealth = {
  readonly state: 'ok' | 'away';
  readonly since: number;
  /** One sentence for people. */
  readonly detail: string;
};

export type DatabaseHealth = Disposable & {
  readonly current: () => StoreHealth;
  /** Looks now, for readiness checks. */
  readonly check: () => Promise<StoreHealth>;
};

const everyMs = 2_000;
const patienceMs = 4_000;

/** Asks the database now and then whether it is there, and says when that changes. */
export const watchDatabase = (deps: {
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly description: string;
  readonly onChange?: (health: StoreHealth) => void;
}): DatabaseHealth => {
  let health: StoreHealth = { state: 'ok', since: deps.clock.now(), detail: deps.description };
  let running: Promise<StoreHealth> | undefined;

  const look = async (): Promise<StoreHealth> => {
    const failure = await ping(deps.pool);
    const state = failure === undefined ? 'ok' : 'away';
    if (state !== health.state) {
      health = {
        state,
        since: deps.clock.now(),
        detail: failure === undefined ? deps.description : `The database cannot be used: ${failure}`,
      };
      deps.onChange?.(health);
    }
    return health;
  };
  const check = (): Promise<StoreHealth> => {
    running ??= look().finally(() => {
      running = undefined;
    });
    return running;
  };
  const timer = setInterval(() => void check(), everyMs);
  timer.unref();
  return { current: () => health, check, [Symbol.dispose]: () => clearInterval(timer) };
};

/** The reason why it does not answer, or undefined. */
const ping = async (pool: pg.Pool): Promise<string | undefined> => {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const timer = setTimeout(() => resolve(`no answer within ${patienceMs / 1000} s`), patienceMs);
  // After a failover the address may lead to what is a replica now: it answers, but stores nothing.
  pool
    .query<{ read_only: boolean }>(
      `select pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as read_only`,
    )
    .then(
      ({ rows }) => resolve(rows[0]?.read_only === true ? 'it is a read-only replica' : undefined),
      (error: unknown) => resolve(explainDatabaseFailure(error) ?? messageOf(error)),
    );
  return promise.finally(() => clearTimeout(timer));
};
