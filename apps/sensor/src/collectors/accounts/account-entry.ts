import { createHash } from 'node:crypto';

export type AccountSubject =
  | 'user'
  | 'group'
  | 'password'
  | 'sudo rule'
  | 'cron job'
  | 'cron script'
  | 'unit'
  | 'unit link';

/** One thing that a file says: a user, a line of a crontab, a unit. */
export type AccountEntry = {
  readonly subject: AccountSubject;
  /** What it is called, by which it is the same one when it changes; lines have no name but what they say. */
  readonly name: string;
  /** Differs whenever the thing does, also where what is shown hides it. */
  readonly mark: string;
  /** For people, secrets masked. */
  readonly shown: string;
  /** Whom it concerns. */
  readonly user?: string | undefined;
  readonly userId?: number | undefined;
};

/** The entries of one file by what tells them apart. */
export type AccountEntries = ReadonlyMap<string, AccountEntry>;

export const maxShown = 300;

export const markOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 20);

/** Of two that are called the same the second one is one more. */
export const entriesOf = (entries: Iterable<AccountEntry>): AccountEntries => {
  const found = new Map<string, AccountEntry>();
  for (const entry of entries) {
    const base = `${entry.subject} ${entry.name}`;
    let key = base;
    for (let number = 2; found.has(key) && number < maxAlike; number += 1) key = `${base} ${number}`;
    found.set(key, entry);
  }
  return found;
};

const maxAlike = 100;
