import { type AccountEntry, markOf, maxShown } from './account-entry.ts';

/** Reads the files that say who there is (passwd(5), shadow(5), group(5)); nothing of a password leaves here but a mark. */
export const readPasswd = (text: string): readonly AccountEntry[] =>
  fieldsOf(text, 7).map(([name = '', password = '', uid = '', group = '', , home = '', shell = '']) => ({
    subject: 'user',
    name,
    mark: markOf([password, uid, group, home, shell].join(':')),
    shown: [
      ...[`uid ${uid}`, `group ${group}`, `home ${home}`, `shell ${shell}`],
      // Everybody may read this file, so what is in it is told of: that there is one, or that none is needed.
      ...(password === ''
        ? ['needs no password']
        : password === 'x' || /^[*!]/.test(password)
          ? []
          : ['has its password here']),
    ]
      .join(', ')
      .slice(0, maxShown),
    user: name,
    userId: numberOf(uid),
  }));

export const readShadow = (text: string): readonly AccountEntry[] =>
  fieldsOf(text, 2).map(([name = '', password = '']) => ({
    subject: 'password',
    name,
    mark: markOf(`${name}:${password}`),
    shown: passwordState(password),
    user: name,
  }));

export const readGroup = (text: string): readonly AccountEntry[] =>
  fieldsOf(text, 3).map(([name = '', password = '', gid = '', members = '']) => ({
    subject: 'group',
    name,
    mark: markOf([password, gid, members].join(':')),
    shown: (members === '' ? `gid ${gid}` : `gid ${gid}, members ${members.replaceAll(',', ' ')}`).slice(0, maxShown),
  }));

/** A `!` before it keeps it and lets nobody in by it; `*` stands where there never was one. */
const passwordState = (password: string): string => {
  if (password === '') return 'none is needed';
  if (password === '*' || /^!+\*?$/.test(password)) return 'has none';
  return password.startsWith('!') ? 'locked' : 'set';
};

const maxLines = 20_000;

const fieldsOf = (text: string, least: number): readonly (readonly string[])[] =>
  text
    .split('\n', maxLines)
    .map((line) => line.split(':', 16))
    .filter((fields) => fields.length >= least && fields[0] !== '' && !fields[0]?.startsWith('#'));

const numberOf = (text: string): number | undefined => (/^\d{1,10}$/.test(text) ? Number(text) : undefined);
