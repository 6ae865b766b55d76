import type { LoginFact } from './login-fact.ts';
import { origin } from './sign-in-messages.ts';
import type { UtmpRecord } from './utmp-records.ts';

/** Reads the records of wtmp: who goes is told by the terminal alone, so those who came are remembered. */
export type SessionRecords = { readonly read: (record: UtmpRecord) => LoginFact | undefined };

const maxSessions = 1024;

export const createSessionRecords = (): SessionRecords => {
  const sessions = new Map<string, UtmpRecord>();
  return {
    read: (record) => {
      const before = sessions.get(record.line);
      switch (record.kind) {
        case 'came': {
          sessions.delete(record.line);
          if (record.user === '') return undefined;
          sessions.set(record.line, record);
          const [oldest] = sessions.keys();
          if (sessions.size > maxSessions && oldest !== undefined) sessions.delete(oldest);
          return { action: 'login', outcome: 'success', ...about(record) };
        }
        case 'went':
          sessions.delete(record.line);
          if (before === undefined && record.user === '') return undefined;
          return {
            ...{ action: 'logout', outcome: undefined, ...about(before ?? record), pid: record.pid },
            ...(before === undefined ? {} : { sinceUs: before.atUs }),
          };
        case 'booted':
          // Whoever was there is not: a host that crashed wrote no end.
          sessions.clear();
          return undefined;
        case 'waits':
          return undefined;
      }
    },
  };
};

/** A record of btmp: a try that failed. */
export const failureOf = (record: UtmpRecord): LoginFact | undefined => {
  if (record.kind !== 'came' && record.kind !== 'waits') return undefined;
  const failure = { action: 'login', outcome: 'failure', ...about(record) } as const;
  // sshd has no terminal then, and says so with a name of none.
  return record.line.startsWith('ssh') ? { ...failure, service: 'sshd', terminal: undefined } : failure;
};

const about = ({ user, line, host, address, pid }: UtmpRecord) => {
  const from = address === undefined ? origin(host) : { ...origin(host), address };
  return { user, terminal: line, pid, ...from };
};
