import { messageOf } from '@parapet/core';
import { openRootFolder } from '@parapet/kernel';
import { createSettledState } from '../../state/settled-state.ts';
import type { StateFile } from '../../state/state-files.ts';
import type { CollectorContext, RunningCollector } from '../collector.ts';
import type { FileNews } from '../file-news.ts';
import { type AccountChange, changesBetween } from './account-changes.ts';
import { actionOf, describeChange } from './account-events.ts';
import { type AccountLook, createAccountFiles, isAccountPath, type LookedAt } from './account-files.ts';
import { type AccountState, filesOf, maxStateBytes, stateOf } from './account-state.ts';
import { createFileWriters } from './file-writers.ts';

export type AccountCollectorDeps = {
  readonly rootPath: string;
  readonly file: Pick<StateFile<AccountState>, 'read' | 'write'>;
  readonly news: FileNews;
  readonly everyMs?: number;
};

/** Where the kernel tells of changed files this only makes sure. */
const defaultEveryMs = 60_000;
/** Programs change several of these files one after the other. */
const settleMs = 500;
const offerEveryMs = 2000;
const accountEveryMs = 5000;
/** A system that is upgraded changes hundreds of units. */
const maxChanges = 2000;

export const startAccountCollector = async (
  deps: AccountCollectorDeps,
  context: CollectorContext,
): Promise<RunningCollector> => {
  const { clock, log } = context;
  const source = context.telemetry.open('accounts');
  const kept = await deps.file.read().catch((error: unknown) => {
    log.warn('what users and jobs there were cannot be read', { error: messageOf(error) });
    return undefined;
  });
  const look = createAccountFiles(deps.rootPath, () => openRootFolder(deps.rootPath));
  const state = createSettledState({
    file: deps.file,
    name: 'accounts.json',
    placeOf: ({ savedAt }) => String(savedAt),
    log,
  });
  const writers = createFileWriters(isAccountPath);
  let produced = 0;
  let before: ReadonlyMap<string, LookedAt> | undefined = kept === undefined ? undefined : filesOf(kept);
  let lookedAt = kept?.savedAt ?? clock.now();
  let wasAway = kept !== undefined;
  let saved: AccountState | undefined;
  let isTooLarge = false;

  const tell = (change: AccountChange): void => {
    const entry = change.after ?? change.before;
    if (entry === undefined) return;
    if (!source.wants(actionOf(entry.subject))) {
      source.unwanted(1);
      return;
    }
    const { changedAtMs } = change;
    const now = clock.now();
    // Its time is believed where it can be true: whoever writes a file may set it.
    const at = changedAtMs !== undefined && changedAtMs > lookedAt && changedAtMs <= now ? changedAtMs : now;
    source.tell('account', {
      ...describeChange(change, entry, { atUs: Math.round(at * 1000), wasAway }),
      ...writers.of(change.path, changedAtMs),
    });
  };
  const take = (found: AccountLook): void => {
    const isFirst = saved === undefined;
    const changes = before === undefined ? [] : changesBetween(before, found);
    produced += changes.length;
    for (const change of changes.slice(0, maxChanges)) tell(change);
    source.lost({
      stage: 'filter',
      cause: 'too many changes at once',
      count: Math.max(0, changes.length - maxChanges),
    });
    const kept = [...found.unknown].flatMap((path) => {
      const old = before?.get(path);
      return old === undefined ? [] : [[path, old] as const];
    });
    before = new Map([...found.files, ...kept]);
    wasAway = false;
    writers.forget();
    lookedAt = clock.now();
    if (saved === undefined || changes.length > 0) saved = stateOf(before, lookedAt);
    if (changes.length > 0 || isFirst) isTooLarge = Buffer.byteLength(JSON.stringify(saved)) > maxStateBytes;
    context.report(statusOf(found.problems, isTooLarge));
  };
  const lookNow = (): void => {
    try {
      take(look());
    } catch (error) {
      context.report({ state: 'degraded', source: 'files', reason: `They cannot be looked at: ${messageOf(error)}` });
    }
  };
  let soon: NodeJS.Timeout | undefined;
  const stopListening = deps.news.onChange({
    changed: (path) => {
      if (soon !== undefined || !isAccountPath(path)) return;
      soon = setTimeout(() => {
        soon = undefined;
        lookNow();
      }, settleMs);
      soon.unref();
    },
    recorded: writers.take,
  });
  lookNow();
  const timers = [
    setInterval(lookNow, deps.everyMs ?? defaultEveryMs),
    setInterval(() => source.account(produced), accountEveryMs),
    setInterval(() => saved !== undefined && !isTooLarge && state.offer(saved), offerEveryMs),
  ];
  for (const timer of timers) timer.unref();
  return {
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      clearTimeout(soon);
      stopListening();
      lookNow();
      source.account(produced);
      if (saved !== undefined && !isTooLarge) await state.last(saved);
    },
  };
};

const statusOf = (problems: readonly string[], isTooLarge: boolean): Parameters<CollectorContext['report']>[0] => {
  const reasons = [
    ...(problems.length === 0 ? [] : [`Not compared: ${problems.slice(0, 10).join(', ')}.`]),
    ...(isTooLarge ? ['There is too much to remember: what changes while the sensor does not run is not told.'] : []),
  ];
  return {
    ...{ state: reasons.length === 0 ? 'running' : 'degraded', source: 'files, compared with the last look' },
    ...(reasons.length === 0 ? {} : { reason: reasons.join(' ') }),
  };
};
