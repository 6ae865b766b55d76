import { closeSync, fstatSync, lstatSync, readdirSync, readlinkSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { RootFolder } from '@parapet/kernel';
import { type AccountEntries, type AccountEntry, entriesOf } from './account-entry.ts';
import { readGroup, readPasswd, readShadow } from './read-accounts.ts';
import { readCrontab, readLink, readScript, readSudoers, readUnit } from './read-rules.ts';

/** A place whose content says who may do what, or what runs by itself. */
type Place = {
  readonly path: string;
  /** A file, each file of a folder, or also those one folder below. */
  readonly kind: 'file' | 'folder' | 'tree';
  /** Without it something is wrong with the host: it is never taken for empty. */
  readonly isNeeded?: boolean;
  /** Which files of a folder count. */
  readonly names?: RegExp;
  readonly links?: boolean;
  readonly read: (content: Buffer, name: string) => readonly AccountEntry[];
};

const text =
  (read: (text: string, name: string) => readonly AccountEntry[]): Place['read'] =>
  (content, name) =>
    read(content.toString('utf8'), name);
const one =
  (read: (name: string, content: Buffer) => AccountEntry): Place['read'] =>
  (content, name) => [read(name, content)];
const crontab = text((content) => readCrontab(content, undefined));
const ownCrontab = text(readCrontab);
const units = { names: /\.(?:service|timer|socket|path|mount|conf)$/, links: true, read: one(readUnit) } as const;

const places: readonly Place[] = [
  { path: '/etc/passwd', kind: 'file', isNeeded: true, read: text(readPasswd) },
  { path: '/etc/shadow', kind: 'file', isNeeded: true, read: text(readShadow) },
  { path: '/etc/group', kind: 'file', isNeeded: true, read: text(readGroup) },
  { path: '/etc/sudoers', kind: 'file', read: text(readSudoers) },
  // sudo passes over names with a dot and those of editors’ copies.
  { path: '/etc/sudoers.d', kind: 'folder', names: /^[^.]{1,255}(?<!~)$/, read: text(readSudoers) },
  { path: '/etc/crontab', kind: 'file', read: crontab },
  { path: '/etc/anacrontab', kind: 'file', read: text((content) => readCrontab(content, 'root')) },
  { path: '/etc/cron.d', kind: 'folder', read: crontab },
  { path: '/var/spool/cron/crontabs', kind: 'folder', read: ownCrontab },
  { path: '/var/spool/cron', kind: 'folder', read: ownCrontab },
  { path: '/etc/crontabs', kind: 'folder', read: ownCrontab },
  ...['hourly', 'daily', 'weekly', 'monthly'].map(
    (every): Place => ({ path: `/etc/cron.${every}`, kind: 'folder', read: one(readScript) }),
  ),
  { path: '/etc/systemd/system', kind: 'tree', ...units },
  { path: '/usr/local/lib/systemd/system', kind: 'tree', ...units },
  { path: '/usr/lib/systemd/system', kind: 'folder', ...units, links: false },
  { path: '/lib/systemd/system', kind: 'folder', ...units, links: false },
];

/** What a look found: entries by file. */
export type AccountLook = {
  readonly files: ReadonlyMap<string, LookedAt>;
  /** Files of which nothing can be said now: they count as they were. */
  readonly unknown: ReadonlySet<string>;
  /** Why, and folders with more files than are looked at. */
  readonly problems: readonly string[];
};
export type LookedAt = { readonly entries: AccountEntries; readonly changedAtMs: number };

/** Whether a change of this path is a reason to look. */
export const isAccountPath = (path: string): boolean =>
  places.some(({ path: place, kind }) => path === place || (kind !== 'file' && path.startsWith(`${place}/`)));

const maxFileBytes = 1024 * 1024;
const maxFilesOfFolder = 1024;

/** Looks at all places; what did not change since the last look is not read again. */
export const createAccountFiles = (rootPath: string, openRoot: () => RootFolder): (() => AccountLook) => {
  let known = new Map<string, Known>();
  return () => {
    using root = openRoot();
    const now = new Map<string, Known>();
    const problems: string[] = [];
    const unknown = new Set<string>();
    const lookAt = (place: Place, path: string): void => {
      const before = known.get(path);
      const found = readFile(root, path, before, (content) => entriesOf(place.read(content, basename(path))));
      if ('known' in found) now.set(path, found.known);
      else if (found.problem !== 'enoent' || place.isNeeded === true) {
        problems.push(`${path} (${found.problem})`);
        unknown.add(path);
        if (before !== undefined) now.set(path, before);
      }
    };
    const lookInto = (place: Place, folder: string, depth: number): void => {
      const names = readNames(join(rootPath, folder));
      if (names === undefined) return;
      if (names.length > maxFilesOfFolder) problems.push(`${folder} (more than ${maxFilesOfFolder} files)`);
      for (const entry of names.slice(0, maxFilesOfFolder)) {
        const path = `${folder}/${entry.name}`;
        if (entry.isDirectory() && depth > 0) lookInto(place, path, depth - 1);
        else if (place.names?.test(entry.name) === false) continue;
        else if (entry.isSymbolicLink() && place.links === true)
          now.set(path, lookAtLink(rootPath, path, known.get(path)));
        else if (entry.isFile()) lookAt(place, path);
      }
    };
    for (const place of places) {
      // Where /lib is a link to /usr/lib, as it mostly is, its files were seen there.
      if (place.path.startsWith('/lib/') && isLink(join(rootPath, 'lib'))) continue;
      if (place.kind === 'file') lookAt(place, place.path);
      else lookInto(place, place.path, place.kind === 'tree' ? 1 : 0);
    }
    known = now;
    return { files: now, unknown, problems };
  };
};

type Known = LookedAt & { readonly signature: string };
type FileRead = { readonly known: Known } | { readonly problem: string };

const readFile = (
  root: RootFolder,
  path: string,
  before: Known | undefined,
  parse: (content: Buffer) => AccountEntries,
): FileRead => {
  const opened = root.open(path, 'file');
  if (!opened.ok) return { problem: opened.error.code };
  try {
    const stat = fstatSync(opened.value, { bigint: true });
    const signature = `${stat.ino} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}`;
    if (before?.signature === signature) return { known: before };
    if (stat.size > maxFileBytes) return { problem: 'larger than 1 MiB' };
    const content = Buffer.alloc(Number(stat.size));
    const length = readSync(opened.value, content, 0, content.length, 0);
    const after = fstatSync(opened.value, { bigint: true });
    // Somebody is writing: the next look finds what it became.
    if (length < content.length || after.mtimeNs !== stat.mtimeNs || after.size !== stat.size)
      return before === undefined ? { problem: 'being written' } : { known: before };
    return { known: { signature, entries: parse(content), changedAtMs: Number(stat.mtimeMs) } };
  } finally {
    closeSync(opened.value);
  }
};

const lookAtLink = (rootPath: string, path: string, before: Known | undefined): Known => {
  const target = readlinkSync(join(rootPath, path));
  if (before?.signature === target) return before;
  return { signature: target, entries: entriesOf([readLink(basename(path), target)]), changedAtMs: Date.now() };
};

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;

/** Nothing where there is no such folder. */
const readNames = (path: string) => {
  try {
    return readdirSync(path, { withFileTypes: true }).sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch {
    return undefined;
  }
};
