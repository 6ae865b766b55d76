import { statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@parapet/core';
import { openRootFolder } from '@parapet/kernel';
import { readSmall } from '../../proc/read-small.ts';
import { createSettledState } from '../../state/settled-state.ts';
import type { StateFile } from '../../state/state-files.ts';
import type { CollectorContext, RunningCollector } from '../collector.ts';
import { createLocalTime, readHostZone } from './host-zone.ts';
import { createJournalFollow, type JournalEntry, type JournalFollow } from './journal-follow.ts';
import { describeLogin, type LoginSource } from './login-events.ts';
import type { LoginEvidence, LoginFact } from './login-fact.ts';
import { createRecordFile, createTextFile, type LoginFile, type LoginFileDeps } from './login-files.ts';
import { createLoginLimits } from './login-limits.ts';
import type { LoginState } from './login-state.ts';
import { loginStatus } from './login-status.ts';
import { createSignInMessages } from './sign-in-messages.ts';
import { utmpLayout } from './utmp-records.ts';

export type LoginCollectorDeps = {
  readonly rootPath: string;
  readonly file: Pick<StateFile<LoginState>, 'read' | 'write'>;
  /** As `process.arch` names it. */
  readonly architecture: string;
  /** The program that follows the journal, with what goes before our arguments; `undefined`: the host’s own. */
  readonly journalctl?: readonly [string, ...string[]];
  readonly everyMs?: number;
};

const defaultEveryMs = 1000;
const accountEveryMs = 5000;
/** The first of these that there is: Debian, Red Hat; SUSE and BusyBox have one for everything. */
const logPaths = ['/var/log/auth.log', '/var/log/secure', '/var/log/messages'] as const;
const wtmpPath = '/var/log/wtmp';
const btmpPath = '/var/log/btmp';

export const startLoginCollector = async (
  deps: LoginCollectorDeps,
  context: CollectorContext,
): Promise<RunningCollector> => {
  const { rootPath } = deps;
  const { clock, log } = context;
  const kept = await deps.file.read().catch((error: unknown) => {
    log.warn('the place in the logs of logins cannot be read', { error: messageOf(error) });
    return undefined;
  });
  const source = context.telemetry.open('logins');
  const limits = createLoginLimits();
  const isUser = createUsers(rootPath);
  const startedAt = clock.now();
  let produced = 0;

  const tell = (fact: LoginFact, atUs: number | undefined, evidence: LoginEvidence, from: LoginSource): void => {
    for (let times = 0; times < (fact.times ?? 1); times += 1) {
      produced += 1;
      if (!source.wants(fact.action)) source.unwanted(1);
      else if (!limits.take(fact, performance.now()))
        source.lost({ stage: 'filter', cause: fact.outcome === 'failure' ? tooManyFailures : tooMany, count: 1 });
      else {
        const nowUs = clock.now() * 1000;
        // What a clock that was set or a forger puts ahead of now has happened by now.
        const at = atUs === undefined || atUs > nowUs ? nowUs : atUs;
        source.tell('account', describeLogin(fact, { source: from, evidence, atUs: at, isUser }));
      }
    }
  };
  const unreadable = (): void => {
    produced += 1;
    source.lost({ stage: 'reader', cause: 'unreadable', count: 1 });
  };
  const lastReadAt = new Map<string, number>();
  const gapOf = (path: string, cause: string): void =>
    context.blind(`${path}: ${cause}`, lastReadAt.get(path) ?? kept?.savedAt ?? clock.now()).end();

  const fileDeps = (path: string, from: LoginSource): LoginFileDeps => ({
    openRoot: () => openRootFolder(rootPath),
    path,
    position: kept?.files[path],
    newSinceMs: kept?.savedAt,
    onFact: (fact, atUs, evidence) => tell(fact, atUs, evidence, from),
    onUnreadable: unreadable,
    onGap: (cause) => gapOf(path, cause),
  });
  const messages = createSignInMessages();
  const layout = utmpLayout(deps.architecture);
  const files: LoginFile[] =
    layout === undefined
      ? []
      : [
          createRecordFile(fileDeps(wtmpPath, 'wtmp'), layout, 'sessions'),
          createRecordFile(fileDeps(btmpPath, 'btmp'), layout, 'failures'),
        ];
  let logFile: LoginFile | undefined;
  let journal: JournalFollow | undefined;

  /** A file of text where there is one, else the journal. */
  const chooseLog = (): void => {
    if (logFile !== undefined || journal !== undefined) return;
    const path = logPaths.find((each) => exists(join(rootPath, each)));
    if (path !== undefined) {
      const localTime = createLocalTime(readHostZone(rootPath), clock.now);
      logFile = createTextFile(fileDeps(path, 'auth log'), messages, localTime);
      files.push(logFile);
      return;
    }
    const journalctl = deps.journalctl ?? hostJournalctl(rootPath);
    if (journalctl === undefined) return;
    journal = createJournalFollow({
      journalctl,
      cursor: kept?.journal,
      sinceMs: kept?.savedAt ?? startedAt,
      onEntry: (entry) => takeEntry(entry),
      onUnreadable: unreadable,
      onGap: () => gapOf('journal', 'What followed the last entry that was read is gone.'),
    });
  };
  const takeEntry = (entry: JournalEntry): void => {
    const fact = messages.read(entry.program, entry.pid, entry.message);
    if (fact === undefined) return;
    tell({ ...fact, pid: entry.pid }, entry.atUs, evidenceOf(entry), 'journal');
  };

  const state = (): LoginState => {
    const cursor = journal?.cursor() ?? kept?.journal;
    return {
      format: 1,
      savedAt: clock.now(),
      files: Object.fromEntries(
        files.flatMap((file) => {
          const position = file.position() ?? kept?.files[file.path];
          return position === undefined ? [] : [[file.path, position] as const];
        }),
      ),
      ...(cursor === undefined ? {} : { journal: cursor }),
    };
  };
  const saver = createSettledState({ file: deps.file, name: 'logins.json', placeOf, log });
  const turn = (): void => {
    chooseLog();
    for (const file of files) {
      file.read();
      lastReadAt.set(file.path, clock.now());
    }
    if (journal?.problem() === undefined) lastReadAt.set('journal', clock.now());
    saver.offer(state());
  };
  const report = (): void =>
    context.report(
      loginStatus({
        files: files.map((file) => ({ path: file.path, problem: file.problem() })),
        hasRecords: layout !== undefined,
        journal: journal === undefined ? undefined : { problem: journal.problem() },
        isWholeHost: rootPath === '/',
      }),
    );
  turn();
  report();
  const timers = [
    setInterval(turn, deps.everyMs ?? defaultEveryMs),
    setInterval(() => {
      source.account(produced);
      report();
    }, accountEveryMs),
  ];
  for (const timer of timers) timer.unref();
  return {
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      await journal?.stop();
      turn();
      source.account(produced);
      await saver.last(state());
      for (const file of files) file.close();
    },
  };
};

const tooMany = 'too many logins';
const tooManyFailures = 'too many failed logins';

const placeOf = ({ files, journal }: LoginState): string => JSON.stringify([files, journal]);

/** Only root can write as root; su runs as who called it, and that a process is su may be pretended. */
const evidenceOf = ({ uid, program }: JournalEntry): LoginEvidence => {
  if (uid === 0) return 'journal';
  return uid === undefined || program === 'su' ? 'text' : 'forged';
};

const passwdBytes = 1024 * 1024;
const usersEveryMs = 60_000;

/** Whether the host’s own file knows a user. */
const createUsers = (rootPath: string): ((name: string) => boolean) => {
  let names: ReadonlySet<string> = new Set();
  let readAt = Number.NEGATIVE_INFINITY;
  return (name) => {
    if (performance.now() - readAt > usersEveryMs) {
      readAt = performance.now();
      const text = readSmall(join(rootPath, 'etc/passwd'), passwdBytes, 'utf8')?.text ?? '';
      names = new Set(text.split('\n', 10_000).map((line) => line.slice(0, line.indexOf(':'))));
    }
    return names.has(name);
  };
};

/** Only where journald runs on this very host: a container has neither its files nor the program that reads them. */
const hostJournalctl = (rootPath: string): readonly [string] | undefined => {
  if (rootPath !== '/' || !exists('/run/systemd/journal')) return undefined;
  const program = ['/usr/bin/journalctl', '/bin/journalctl'].find(exists);
  return program === undefined ? undefined : [program];
};

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;
