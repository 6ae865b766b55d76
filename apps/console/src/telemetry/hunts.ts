import { join } from 'node:path';
import type { HuntEvent, ParsedOf, ResultOf, RouteName, Scope } from '@parapet/contract/api';
import { AppError, badRequest, type Problem, type Result } from '@parapet/core';
import {
  type Bucket,
  type EventCursor,
  type Hunt,
  hostsNamed,
  parseHunt,
  type SearchScope,
  type SplitField,
} from '@parapet/telemetry';
import { z } from 'zod';
import type { Database } from '../database/database.ts';
import { allowedIn } from './allowed.ts';
import { readGaps } from './gaps.ts';
import { filesWithin } from './manifest.ts';
import { type DatedFile, findNewest } from './newest-first.ts';
import { stepOf } from './round-step.ts';
import type { TelemetryWorker } from './worker.ts';

export type HuntsDeps = {
  readonly db: Database;
  /** For searches alone: storing events must not wait for them. */
  readonly worker: TelemetryWorker;
  /** Holds the files. */
  readonly folder: string;
};

type Query<N extends RouteName> = ParsedOf<N> extends { readonly query: infer Q } ? Q : never;
type Span = Pick<Query<'hunt.events'>, 'q' | 'since' | 'until'>;

/** What a search is about, with the times of its files, the newest first. */
type Prepared = Omit<SearchScope, 'files'> & { readonly files: readonly DatedFile[] };

/** Searches events. With a scope, those of the hosts and containers in it. */
export type Hunts = {
  readonly events: (query: Query<'hunt.events'>, scope: Scope) => Promise<ResultOf<'hunt.events'>>;
  readonly histogram: (query: Query<'hunt.histogram'>, scope: Scope) => Promise<ResultOf<'hunt.histogram'>>;
  readonly values: (query: Query<'hunt.values'>, scope: Scope) => Promise<ResultOf<'hunt.values'>>;
  /** What a search of these events is about, for work of another kind. */
  readonly searchFor: (query: Span, scope: Scope) => Promise<SearchScope>;
  /** For several questions of one request. */
  readonly within: (scope: Scope) => ScopedHunts;
  /** Somebody is about to hunt: what reads events is then ready when they do. */
  readonly wake: () => void;
};

/** Questions within one scope. Whose events that are is read with the first of them, and then not again. */
export type ScopedHunts = {
  /** Events without what may be missing from them. */
  readonly find: (query: Query<'hunt.events'>) => Promise<Omit<ResultOf<'hunt.events'>, 'gaps'>>;
  /** Over time and by the values of a field, all in one reading. */
  readonly counts: (
    query: Query<'hunt.histogram'> & { readonly splitBy?: SplitField },
  ) => Promise<{ readonly stepMs: number; readonly buckets: readonly Bucket[] }>;
};

export const createHunts = ({ db, worker, folder }: HuntsDeps): Hunts => {
  type Allowing = () => ReturnType<typeof allowedIn>;
  const allowing = (scope: Scope): Allowing => {
    let asked: ReturnType<typeof allowedIn> | undefined;
    return () => {
      asked ??= allowedIn(db, scope);
      return asked;
    };
  };

  const prepare = async (query: Span, whose: Allowing, after?: EventCursor): Promise<Prepared> => {
    const hunt = readHunt(query.q);
    const from = Date.parse(query.since) * 1000;
    const until = Date.parse(query.until) * 1000;
    // A later page need not read what the pages before it told.
    const to = after === undefined ? until : Math.min(until, after.at + 1);
    if (until <= from) throw badRequest('bad-span', 'A hunt ends after it begins: `until` must be later than `since`.');
    const allowed = await whose();
    const files = await filesWithin(db, { from, to, hosts: [hostsNamed(hunt), allowed?.allHosts] });
    if (files.length > maxFiles)
      throw badRequest('too-much', 'There is too much in this span of time. Look at a shorter one.');
    return {
      ...{ from, to, hunt },
      files: files.map(({ path, lastAt }) => ({ path: join(folder, path), lastAt })),
      ...(allowed === undefined ? {} : { allowed }),
    };
  };
  const prepareAll = async (query: Span, whose: Allowing): Promise<SearchScope> => {
    const { files, ...search } = await prepare(query, whose);
    return { ...search, files: files.map(({ path }) => path) };
  };

  const find = async (query: Query<'hunt.events'>, whose: Allowing) => {
    const after = query.after === undefined ? undefined : readCursor(query.after);
    const { files, ...search } = await prepare(query, whose, after);
    const page = { limit: query.limit + 1, ...(after === undefined ? {} : { after }) };
    const found = await findNewest(files, page.limit, async (paths) => {
      const job = { scope: { ...search, files: paths }, ...page };
      return orThrow(await worker.run('find', job, { timeoutMs })) as readonly HuntEvent[];
    });
    const items = found.slice(0, query.limit);
    const last = items.at(-1);
    return { items, ...(found.length > items.length && last !== undefined ? { next: cursorOf(last) } : {}) };
  };

  const counts = async (query: Parameters<ScopedHunts['counts']>[0], whose: Allowing) => {
    const scope = await prepareAll(query, whose);
    const stepMs = stepOf(query, query.steps);
    const { splitBy } = query;
    const job = { scope, stepUs: stepMs * 1000, ...(splitBy === undefined ? {} : { splitBy }) };
    return { stepMs, buckets: orThrow(await worker.run('histogram', job, { timeoutMs })) };
  };

  return {
    searchFor: (query, scope) => prepareAll(query, allowing(scope)),
    wake: worker.wake,
    within: (scope) => {
      const whose = allowing(scope);
      return { find: (query) => find(query, whose), counts: (query) => counts(query, whose) };
    },
    events: async (query, scope) => {
      const whose = allowing(scope);
      const span = { from: Date.parse(query.since), to: Date.parse(query.until) };
      const [found, gaps] = await Promise.all([
        find(query, whose),
        whose().then((allowed) => readGaps(db, span, scope, allowed?.allHosts)),
      ]);
      return { ...found, gaps };
    },
    histogram: async (query, scope) => {
      const { stepMs, buckets } = await counts(query, allowing(scope));
      return {
        stepMs,
        total: buckets.reduce((sum, { count }) => sum + count, 0),
        buckets: buckets.map(({ at, count }) => ({ at: new Date(at / 1000).toISOString(), count })),
      };
    },
    values: async (query, scope) => {
      const search = await prepareAll(query, allowing(scope));
      const { field, limit } = query;
      return { values: [...orThrow(await worker.run('values', { scope: search, field, limit }, { timeoutMs }))] };
    },
  };
};

const timeoutMs = 20_000;
const maxFiles = 4000;

/** Throws what the answer to a person says when it cannot be read. */
export const readHunt = (text: string): Hunt => {
  const hunt = parseHunt(text);
  if (hunt.ok) return hunt.value;
  const { message, at, suggestions } = hunt.error;
  throw new AppError('bad-hunt', 400, message, { details: { at, suggestions } });
};

/** Throws what the answer to a person says when the engine failed. */
export const orThrow = <T>(result: Result<T, Problem>): T => {
  if (result.ok) return result.value;
  const { code, message } = result.error;
  if (code === 'too-slow')
    throw new AppError('too-slow', 408, `${message} Look at a shorter span of time, or name a host or container.`);
  // What the engine refuses of a hunt that could be read is a regular expression.
  if (message.startsWith(invalidInput))
    throw badRequest('bad-hunt', `The regular expression cannot be read: ${message.slice(invalidInput.length)}`);
  throw new AppError('hunt-failed', 503, 'The events could not be searched. The console’s log says why.', {
    cause: message,
  });
};

const invalidInput = 'Invalid Input Error: ';

const Cursor = z.tuple([z.number().int().nonnegative(), z.uuid(), z.number().int().nonnegative()]);

const cursorOf = (event: HuntEvent): string =>
  Buffer.from(JSON.stringify([event['@timestamp'], event['host.id'], event['event.sequence']])).toString('base64url');

const readCursor = (text: string): EventCursor => {
  try {
    const [at, host, sequence] = Cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
    return { at, host, sequence };
  } catch {
    throw badRequest('bad-cursor', 'This place in the list is not known: begin at the top again.');
  }
};
