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
import { allowedIn, amongThose } from './allowed.ts';
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

/** Questions within one scope. Whose events that are, and which files hold some of a span, is read with the first of them, and then not again. */
export type ScopedHunts = {
  /** Events without what may be missing from them. */
  readonly find: (query: Query<'hunt.events'>) => Promise<Omit<ResultOf<'hunt.events'>, 'gaps'>>;
  /** All events where there are at most `limit`, newest first; undefined where there are more. */
  readonly all: (query: Span & { readonly limit: number }) => Promise<readonly HuntEvent[] | undefined>;
  /** Whether the scope has a host itself, so that all events of it may be seen, and all that runs there. */
  readonly showsAllOf: (hostId: string) => Promise<boolean>;
  /** Over time and by the values of a field, all in one reading. */
  readonly counts: (
    query: Query<'hunt.histogram'> & { readonly splitBy?: SplitField },
  ) => Promise<{ readonly stepMs: number; readonly buckets: readonly Bucket[] }>;
};

/** What is read once for all questions of a request. */
type Asking = {
  readonly whose: () => ReturnType<typeof allowedIn>;
  readonly files: (span: Parameters<typeof filesWithin>[1]) => ReturnType<typeof filesWithin>;
};

export const createHunts = ({ db, worker, folder }: HuntsDeps): Hunts => {
  const asking = (scope: Scope): Asking => {
    let asked: ReturnType<typeof allowedIn> | undefined;
    const read = new Map<string, ReturnType<typeof filesWithin>>();
    return {
      whose: () => {
        asked ??= allowedIn(db, scope);
        return asked;
      },
      files: (span) => {
        const key = JSON.stringify(span);
        const files = read.get(key) ?? filesWithin(db, span);
        read.set(key, files);
        return files;
      },
    };
  };

  const prepare = async (query: Span, { whose, files: filesOf }: Asking, after?: EventCursor): Promise<Prepared> => {
    const hunt = readHunt(query.q);
    const from = Date.parse(query.since) * 1000;
    const until = Date.parse(query.until) * 1000;
    // A later page need not read what the pages before it told.
    const to = after === undefined ? until : Math.min(until, after.at + 1);
    if (until <= from) throw badRequest('bad-span', 'A hunt ends after it begins: `until` must be later than `since`.');
    const named = hostsNamed(hunt);
    const allowed = amongThose(await whose(), named);
    const files = await filesOf({ from, to, hosts: [named, allowed?.allHosts] });
    if (files.length > maxFiles)
      throw badRequest('too-much', 'There is too much in this span of time. Look at a shorter one.');
    return {
      ...{ from, to, hunt },
      files: files.map(({ path, lastAt }) => ({ path: join(folder, path), lastAt })),
      ...(allowed === undefined ? {} : { allowed }),
    };
  };
  const prepareAll = async (query: Span, asked: Asking): Promise<SearchScope> => {
    const { files, ...search } = await prepare(query, asked);
    return { ...search, files: files.map(({ path }) => path) };
  };

  const find = async (query: Query<'hunt.events'>, asked: Asking) => {
    const after = query.after === undefined ? undefined : readCursor(query.after);
    const { files, ...search } = await prepare(query, asked, after);
    const page = { limit: query.limit + 1, ...(after === undefined ? {} : { after }) };
    const found = await findNewest(files, page.limit, async (paths) => {
      const job = { scope: { ...search, files: paths }, ...page };
      return orThrow(await worker.run('find', job, { timeoutMs })) as readonly HuntEvent[];
    });
    const items = found.slice(0, query.limit);
    const last = items.at(-1);
    return { items, ...(found.length > items.length && last !== undefined ? { next: cursorOf(last) } : {}) };
  };

  const all = async ({ limit, ...query }: Parameters<ScopedHunts['all']>[0], asked: Asking) => {
    const job = { scope: await prepareAll(query, asked), limit };
    return orThrow(await worker.run('all', job, { timeoutMs })) as readonly HuntEvent[] | undefined;
  };

  const counts = async (query: Parameters<ScopedHunts['counts']>[0], asked: Asking) => {
    const scope = await prepareAll(query, asked);
    const stepMs = stepOf(query, query.steps);
    const { splitBy } = query;
    const job = { scope, stepUs: stepMs * 1000, ...(splitBy === undefined ? {} : { splitBy }) };
    return { stepMs, buckets: orThrow(await worker.run('histogram', job, { timeoutMs })) };
  };

  return {
    searchFor: (query, scope) => prepareAll(query, asking(scope)),
    wake: worker.wake,
    within: (scope) => {
      const asked = asking(scope);
      return {
        find: (query) => find(query, asked),
        all: (query) => all(query, asked),
        counts: (query) => counts(query, asked),
        showsAllOf: async (hostId) => {
          const allowed = await asked.whose();
          return allowed === undefined || allowed.hosts.includes(hostId);
        },
      };
    },
    events: async (query, scope) => {
      const asked = asking(scope);
      const span = { from: Date.parse(query.since), to: Date.parse(query.until) };
      const [found, gaps] = await Promise.all([
        find(query, asked),
        asked.whose().then((allowed) => readGaps(db, span, scope, allowed?.allHosts)),
      ]);
      return { ...found, gaps };
    },
    histogram: async (query, scope) => {
      const { stepMs, buckets } = await counts(query, asking(scope));
      return {
        stepMs,
        total: buckets.reduce((sum, { count }) => sum + count, 0),
        buckets: buckets.map(({ at, count }) => ({ at: new Date(at / 1000).toISOString(), count })),
      };
    },
    values: async (query, scope) => {
      const search = await prepareAll(query, asking(scope));
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
