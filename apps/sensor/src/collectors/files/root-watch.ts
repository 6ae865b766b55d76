import { closeSync, readlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { ok, type Problem, type Result } from '@parapet/core';
import {
  attempt,
  type FileNotice,
  type FileWatch,
  type FileWatchMethod,
  fileMasks,
  type NamedPlace,
  openFileWatch,
  type RootFolder,
} from '@parapet/kernel';
import type { FileAction, FileChange } from './file-change.ts';
import { createFolderTree, pathIn } from './folder-tree.ts';
import { createFolderWalk } from './folder-walk.ts';
import type { WatchedPaths } from './watched-paths.ts';

/** Watches the folders below one root: the host's, or a container's. It does nothing by itself: its owner calls it now and then. */
export type RootWatch = {
  /** Tells what waits, until then (as `performance.now()`) at most. */
  readonly read: (untilMs: number) => void;
  /** Goes on looking for folders, until then at most; whether something is left to do. */
  readonly walk: (untilMs: number) => boolean;
  /** Looks for new folders again where none are told. */
  readonly searchAgain: () => void;
  readonly state: () => RootWatchState;
  readonly close: () => void;
};

export type RootWatchState = {
  /** Of some folders only writes are told, and new folders in them have to be looked for. */
  readonly writesOnly: boolean;
  readonly folders: number;
  /** Folders that are known and not watched, because there are too many; those below them are not counted. */
  readonly unwatched: number;
  /** Why the last folder that could not be watched was refused. */
  readonly problem: string | undefined;
};

export type RootWatchDeps = {
  readonly paths: WatchedPaths;
  readonly openRoot: () => Result<RootFolder, Problem>;
  /** What the path of an open file begins with before the part inside the root; empty for `/`. */
  readonly prefix: string;
  /** Mounts inside the root that are left alone. */
  readonly foreign: () => ReadonlySet<string>;
  readonly maxFolders: number;
  readonly onChange: (change: FileChange) => void;
  /** An event of the kernel about something beside the watched folders. */
  readonly onOther: () => void;
  /** The kernel dropped events. All from before `sinceMs` (as `performance.now()`) was read. */
  readonly onOverflow: (sinceMs: number) => void;
  /** One event, of a file that could not be opened to see which it is. */
  readonly onUnreadable: () => void;
  /** Tried in order; for tests of what older kernels do. */
  readonly methods?: readonly FileWatchMethod[];
  readonly openWatch?: typeof openFileWatch;
};

export const createRootWatch = (deps: RootWatchDeps): Result<RootWatch, Problem> => {
  const methods = [...(deps.methods ?? defaultMethods)];
  const { openWatch = openFileWatch } = deps;
  const opened = openFirst(methods, openWatch);
  if (!opened.ok) return opened;
  let watch = opened.value;
  /** Folders of file systems whose folders this kernel cannot name, below a root where it can; of these only writes are told. */
  let nameless: { readonly watch: FileWatch; readonly paths: Set<string> } | undefined;
  let tree = createFolderTree();
  let marks = 0;
  let problem: string | undefined;
  let emptyAtMs = performance.now();
  /** What lay in folders that were made a moment ago, by path: told unless an event tells of it. */
  const found = new Map<string, boolean>();

  const walk = createFolderWalk({
    ...deps,
    visit: (fd, path, relation) => {
      if (tree.size() >= deps.maxFolders && tree.at(path) === undefined) return 'left';
      if (marks >= deps.maxFolders * marksPerFolder) {
        deps.onOverflow(emptyAtMs);
        return renew();
      }
      const wanted = relation === 'inside' ? 'all' : 'entries';
      const marked = watch.mark(fd, wanted);
      if (!marked.ok) return refuse(marked.error, { fd, path, wanted });
      return keep(marked.value === '' ? path : marked.value, path);
    },
    onFound: (path, isFolder) => {
      if (found.size < maxFound) found.set(path, isFolder);
      else deps.onOverflow(emptyAtMs);
    },
  });

  const keep = (key: string, path: string): 'visited' => {
    if (tree.byKey(key) === undefined) marks += 1;
    tree.put(key, path);
    return 'visited';
  };

  /** Begins anew, all marks gone: folders that workloads made and deleted may have left theirs with whoever holds them open. */
  const renew = (): 'begun' | 'left' => {
    const reopened = openFirst(methods, openWatch);
    if (!reopened.ok) {
      problem = reopened.error.message;
      return 'left';
    }
    watch.close();
    nameless?.watch.close();
    nameless = undefined;
    watch = reopened.value;
    tree = createFolderTree();
    marks = 0;
    walk.begin();
    return 'begun';
  };
  const refuse = (error: Problem, folder: Folder): 'visited' | 'begun' | 'left' => {
    if (methods.length > 1 && refusesNames.has(error.code)) {
      if (folder.path !== '/') return markNameless(folder);
      methods.shift();
      return renew();
    }
    problem = error.message;
    return 'left';
  };
  const markNameless = ({ fd, path, wanted }: Folder): 'visited' | 'left' => {
    if (nameless === undefined) {
      const second = openWatch('files');
      if (second.ok) nameless = { watch: second.value, paths: new Set() };
      else problem = second.error.message;
    }
    const marked = nameless?.watch.mark(fd, wanted);
    if (marked?.ok === false) problem = marked.error.message;
    if (marked?.ok !== true) return 'left';
    nameless?.paths.add(path);
    return keep(path, path);
  };

  const takeFile = ({ fd, pid }: FileNotice & { readonly fd: number }): void => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      const inside = path.startsWith(`${deps.prefix}/`) ? path.slice(deps.prefix.length) : undefined;
      if (inside === undefined || deps.paths.relationOf(inside) !== 'inside') deps.onOther();
      else deps.onChange({ action: 'file-write', path: inside, target: undefined, isFolder: false, pid });
    } finally {
      closeSync(fd);
    }
  };

  const takeNamed = (notice: FileNotice): void => {
    const { mask, pid, at } = notice;
    const path = pathOfPlace(at);
    const isFolder = (mask & fileMasks.onFolder) !== 0;
    let isTold = false;
    const tell = (action: FileAction, told: Pick<FileChange, 'path' | 'target'>): void => {
      isTold = true;
      deps.onChange({ action, ...told, isFolder, pid });
    };
    for (const [bit, action] of inOrder) {
      if ((mask & bit) === 0 || path === undefined) continue;
      if (action !== 'file-delete') found.delete(path);
      if (isToBeTold(path)) tell(action, { path, target: undefined });
      if (isFolder && action === 'file-create') walk.add(path, true);
      if (isFolder && action === 'file-delete') forget(at);
    }
    for (const [from, to] of renamings(notice)) {
      const [source, target] = [pathOfPlace(from), pathOfPlace(to)];
      const told = { path: onlyIf(isToBeTold, source), target: onlyIf(isToBeTold, target) };
      if (told.path !== undefined || told.target !== undefined) tell('file-rename', told);
      if (isFolder) move(from, to, target);
    }
    if (!isTold) deps.onOther();
  };
  const pathOfPlace = (place: NamedPlace | undefined): string | undefined => {
    const folder = place === undefined ? undefined : tree.byKey(place.folder);
    return folder === undefined || place === undefined ? undefined : pathIn(folder, place.name);
  };
  const isToBeTold = (path: string): boolean => deps.paths.relationOf(path) === 'inside';
  const forget = (place: NamedPlace | undefined): void => {
    const folder = place === undefined ? undefined : tree.byKey(place.folder)?.below?.get(place.name);
    if (folder !== undefined) tree.remove(folder);
  };
  const move = (from: NamedPlace | undefined, to: NamedPlace | undefined, target: string | undefined): void => {
    const moved = from === undefined ? undefined : tree.byKey(from.folder)?.below?.get(from.name);
    const above = to === undefined ? undefined : tree.byKey(to.folder);
    const isWatchedThere = target !== undefined && deps.paths.relationOf(target) !== undefined;
    if (moved !== undefined && (above === undefined || !isWatchedThere)) tree.remove(moved);
    if (above === undefined || to === undefined || target === undefined || !isWatchedThere) return;
    if (moved !== undefined) tree.move(moved, above, to.name);
    walk.add(target, false);
  };

  const take = (notice: FileNotice): void => {
    if ((notice.mask & fileMasks.overflow) !== 0) {
      deps.onOverflow(emptyAtMs);
      walk.begin();
    } else if (notice.fd !== undefined) takeFile({ ...notice, fd: notice.fd });
    else takeNamed(notice);
  };
  const tellFound = (): void => {
    for (const [path, isFolder] of found)
      deps.onChange({ action: 'file-create', path, target: undefined, isFolder, pid: 0 });
    found.clear();
  };

  walk.begin();
  return ok({
    read: (untilMs) => {
      for (;;) {
        const began = performance.now();
        const named = attempt(watch.read);
        const written = nameless === undefined ? ok([]) : attempt(nameless.watch.read);
        const notices = [named, written].flatMap((read) => (read.ok ? read.value : []));
        if (!(named.ok && written.ok)) {
          for (const notice of notices) take(notice);
          deps.onUnreadable();
          return;
        }
        if (notices.length === 0) {
          emptyAtMs = began;
          tellFound();
          return;
        }
        for (const notice of notices) take(notice);
        if (performance.now() >= untilMs) return;
      }
    },
    walk: walk.step,
    searchAgain: () => {
      if (methods[0] === 'files') walk.begin();
      else for (const path of nameless?.paths ?? []) if (!nameless?.paths.has(dirname(path))) walk.add(path, false);
    },
    state: () => ({
      writesOnly: methods[0] === 'files' || nameless !== undefined,
      ...{ folders: tree.size(), unwatched: walk.left() },
      problem: problem ?? walk.refusal(),
    }),
    close: () => {
      watch.close();
      nameless?.watch.close();
    },
  });
};

const defaultMethods: readonly FileWatchMethod[] = ['names', 'files'];
const marksPerFolder = 4;
const maxFound = 4096;

type Folder = { readonly fd: number; readonly path: string; readonly wanted: 'all' | 'entries' };

/** No kernel that knows the method; or no way to name the folders of a file system, such as a tmpfs before Linux 5.13 and an overlay before 6.6. */
const refusesNames: ReadonlySet<string> = new Set(['einval', 'eopnotsupp', 'enotsup', 'enodev', 'exdev']);

/** The first that this kernel has; those before it are taken away. */
const openFirst = (methods: FileWatchMethod[], open: typeof openFileWatch): Result<FileWatch, Problem> => {
  for (;;) {
    const opened = open(methods[0] ?? 'files');
    if (opened.ok || methods.length < 2 || !refusesNames.has(opened.error.code)) return opened;
    methods.shift();
  }
};

/** Several may have happened before the event was read; most often in this order. */
const inOrder: readonly (readonly [number, FileAction])[] = [
  [fileMasks.create, 'file-create'],
  [fileMasks.closeWrite, 'file-write'],
  [fileMasks.attributes, 'file-permission'],
  [fileMasks.delete, 'file-delete'],
];

type Renaming = readonly [NamedPlace | undefined, NamedPlace | undefined];

const renamings = ({ mask, at, from, to }: FileNotice): readonly Renaming[] => {
  if ((mask & fileMasks.rename) !== 0) return [[from, to]];
  const found: Renaming[] = [];
  if ((mask & fileMasks.movedFrom) !== 0) found.push([at, undefined]);
  if ((mask & fileMasks.movedTo) !== 0) found.push([undefined, at]);
  return found;
};

const onlyIf = <T>(is: (value: T) => boolean, value: T | undefined): T | undefined =>
  value !== undefined && is(value) ? value : undefined;
