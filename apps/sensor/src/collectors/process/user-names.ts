import { readSmall } from '../../proc/read-small.ts';

/** Names of the host's users. Another file decides names inside containers, and their owners write it: it is not read. */
export type UserNames = { readonly nameOf: (uid: number) => string | undefined };

const passwdBytes = 1024 * 1024;
const maxUsers = 10_000;
const refreshMs = 60_000;

export const createUserNames = (passwdPath: string, now: () => number): UserNames => {
  let names: ReadonlyMap<number, string> = new Map();
  let readAt = Number.NEGATIVE_INFINITY;
  return {
    nameOf: (uid) => {
      if (now() - readAt > refreshMs) {
        readAt = now();
        names = parsePasswd(readSmall(passwdPath, passwdBytes, 'utf8')?.text ?? '');
      }
      return names.get(uid);
    },
  };
};

export const parsePasswd = (text: string): ReadonlyMap<number, string> => {
  const names = new Map<number, string>();
  for (const line of text.split('\n', maxUsers)) {
    const [name, , uid] = line.split(':', 3);
    if (name !== undefined && name !== '' && uid !== undefined && /^\d+$/.test(uid) && !names.has(Number(uid))) {
      names.set(Number(uid), name.slice(0, 256));
    }
  }
  return names;
};
