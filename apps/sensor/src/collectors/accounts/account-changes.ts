import type { AccountEntry } from './account-entry.ts';
import type { AccountLook, LookedAt } from './account-files.ts';

export type AccountChange = {
  readonly path: string;
  readonly type: 'added' | 'removed' | 'changed';
  readonly before: AccountEntry | undefined;
  readonly after: AccountEntry | undefined;
  /** Of the file, where there still is one. */
  readonly changedAtMs: number | undefined;
};

/** What is different now. Files of which nothing is known now are left out. */
export const changesBetween = (
  before: ReadonlyMap<string, LookedAt>,
  { files, unknown }: Pick<AccountLook, 'files' | 'unknown'>,
): readonly AccountChange[] => {
  const changes: AccountChange[] = [];
  for (const path of new Set([...before.keys(), ...files.keys()])) {
    const [old, now] = [before.get(path), files.get(path)];
    if (unknown.has(path) || old === now) continue;
    const at = { path, changedAtMs: now?.changedAtMs };
    for (const [key, entry] of old?.entries ?? []) {
      const after = now?.entries.get(key);
      if (after === undefined) changes.push({ ...at, type: 'removed', before: entry, after });
      else if (after.mark !== entry.mark) changes.push({ ...at, type: 'changed', before: entry, after });
    }
    for (const [key, after] of now?.entries ?? [])
      if (old?.entries.has(key) !== true) changes.push({ ...at, type: 'added', before: undefined, after });
  }
  return changes;
};
