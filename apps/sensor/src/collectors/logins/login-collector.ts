import { statSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@parapet/core';
import { openRootFolder } from '@parapet/kernel';
import { readSmall } from '../../proc/read-small.ts';
import { createSettledState } from '../../state/settled-state.ts';
import type { StateFile } from '../../state/state-files.ts';
import type { CollectorContext, RunningCollector } from '../collector.ts';
import type { ContainerLoginState } from './container-login-state.ts';
import { type ContainerPaces, createContainerLogins } from './container-logins.ts';
import { createLocalTime, readHostZone } from './host-zone.ts';
import { createJournalFollow, type JournalEntry, type JournalFollow } from './journal-follow.ts';
import type { LoginSource } from './login-events.ts';
import type { LoginEvidence, LoginFact } from './login-fact.ts';
import { createRecordFile, createTextFile, type LoginFile, type LoginFileDeps } from './login-files.ts';
import { createLoginLimits } from './login-limits.ts';
import { btmpPath, logPaths, wtmpPath } from './login-paths.ts';
import type { LoginState } from './login-state.ts';
import { loginStatus } from './login-status.ts';
import { createLoginTeller } from './login-teller.ts';
import { createSignInMessages } from './sign-in-messages.ts';
import { createUsers, passwdBytes } from './users.ts';
import { utmpLayout } from './utmp-records.ts';

export type LoginCollectorDeps = {
  readonly rootPath: string;
  readonly file: Pick<StateFile<LoginState>, 'read' | 'write'>;
  readonly containersFile: Pick<StateFile<ContainerLoginState>, 'read' | 'write'>;
  /** As `process.arch` names it. */
  readonly architecture: string;
  /** The program that follows the journal, with what goes before our arguments; `undefined`: the host’s own. */
  readonly journalctl?: readonly [string, ...string[]];
  readonly everyMs?: number;
  readonly containerPaces?: ContainerPaces;
};

const defaultEveryMs = 1000;
const accountEveryMs = 5000;

export const startLoginCollector = async (
  deps: LoginCollectorDeps,
  context: CollectorContext,
): Promise<RunningCollector> => {
  const { rootPath } = deps;
  const { clock, log } = context;
  const cannotRead = (error: unknown): undefined => {
    log.warn('the place in the logs of logins cannot be read', { error: messageOf(error) });
  };
  const kept = await deps.file.read().catch(cannotRead);
  const keptOfContainers = await deps.containersFile.read().catch(cannotRead);
  const source = context.telemetry.open('logins');
  const limits = createLoginLimits();
  const isUser = createUsers(() => readSmall(join(rootPath, 'etc/passwd'), passwdBytes, 'utf8')?.text ?? '');
  const startedAt = clock.now();
  const teller = createLoginTeller(source, clock);

  const tell = (fact: LoginFact, atUs: number | undefined, evidence: LoginEvidence, from: LoginSource): void =>
    teller.tell(fact, { source: from, evidence, atUs, isUser }, limits);
  const unreadable = (): void => teller.unreadable('unreadable');
  const lastReadAt = new Map<string, number>();
  const gapOf = (path: string, cause: string): void =>
    context.blind(`${path}: ${cause}`, lastReadAt.get(path) ?? kept?.savedAt ?? clock.now()).end();

  const fileDeps = (path: string, from: LoginSource): LoginFileDeps => ({
    openRoot: () => openRootFolder(rootPath),
    path,
    start: kept?.files[path] ?? 'end',
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
  const containers = createContainerLogins({
    ...{ context, rootPath, layout, teller, kept: keptOfContainers },
    ...(deps.containerPaces === undefined ? {} : { paces: deps.containerPaces }),
    isWanted: (runtimeId) => source.wantsIn('login', runtimeId) || source.wantsIn('logout', runtimeId),
  });
  const containerSaver = createSettledState({
    ...{ file: deps.containersFile, name: 'container-logins.json', log },
    placeOf: ({ savedAt }) => String(savedAt),
  });
  const turn = (): void => {
    chooseLog();
    for (const file of files) {
      file.read();
      lastReadAt.set(file.path, clock.now());
    }
    if (journal?.problem() === undefined) lastReadAt.set('journal', clock.now());
    saver.offer(state());
    containers.turn();
    containerSaver.offer(containers.state());
  };
  const report = (): void =>
    context.report(
      loginStatus({
        files: files.map((file) => ({ path: file.path, problem: file.problem() })),
        hasRecords: layout !== undefined,
        journal: journal === undefined ? undefined : { problem: journal.problem() },
        isWholeHost: rootPath === '/',
        containers: containers.status(),
      }),
    );
  turn();
  report();
  const timers = [
    setInterval(turn, deps.everyMs ?? defaultEveryMs),
    setInterval(() => {
      source.account(teller.produced());
      report();
    }, accountEveryMs),
  ];
  for (const timer of timers) timer.unref();
  return {
    stop: async () => {
      for (const timer of timers) clearInterval(timer);
      await journal?.stop();
      turn();
      source.account(teller.produced());
      await saver.last(state());
      await containerSaver.last(containers.state());
      containers.close();
      for (const file of files) file.close();
    },
  };
};

const placeOf = ({ files, journal }: LoginState): string => JSON.stringify([files, journal]);

/** Only root can write as root; su runs as who called it, and that a process is su may be pretended. */
const evidenceOf = ({ uid, program }: JournalEntry): LoginEvidence => {
  if (uid === 0) return 'journal';
  return uid === undefined || program === 'su' ? 'text' : 'forged';
};

/** Only where journald runs on this very host: a container has neither its files nor the program that reads them. */
const hostJournalctl = (rootPath: string): readonly [string] | undefined => {
  if (rootPath !== '/' || !exists('/run/systemd/journal')) return undefined;
  const program = ['/usr/bin/journalctl', '/bin/journalctl'].find(exists);
  return program === undefined ? undefined : [program];
};

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;
