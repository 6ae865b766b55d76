/** A folder that is watched; its path is made of those above it, so that a renaming moves all below. */
export type WatchedFolder = {
  readonly key: string;
  name: string;
  above: WatchedFolder | undefined;
  /** By name; most folders have none, and then this is nothing. */
  below: Map<string, WatchedFolder> | undefined;
};

export type FolderTree = {
  readonly byKey: (key: string) => WatchedFolder | undefined;
  readonly at: (path: string) => WatchedFolder | undefined;
  /** The folder with this key lies there now, wherever it was before. What was there is no longer. */
  readonly put: (key: string, path: string) => void;
  readonly move: (folder: WatchedFolder, above: WatchedFolder, name: string) => void;
  /** With all below it. */
  readonly remove: (folder: WatchedFolder) => void;
  readonly size: () => number;
};

/** Folders above one another when a path is made: a kernel follows fewer. */
const maxDepth = 256;

export const createFolderTree = (): FolderTree => {
  const folders = new Map<string, WatchedFolder>();
  let root: WatchedFolder | undefined;

  const at: FolderTree['at'] = (path) => {
    let folder = root;
    for (const name of path.split('/')) if (name !== '') folder = folder?.below?.get(name);
    return folder;
  };
  const detach = (folder: WatchedFolder): void => {
    const beside = folder.above?.below;
    if (beside?.get(folder.name) === folder) beside.delete(folder.name);
    if (root === folder) root = undefined;
    folder.above = undefined;
  };
  const attach = (folder: WatchedFolder, above: WatchedFolder, name: string): void => {
    detach(folder);
    const there = above.below?.get(name);
    if (there !== undefined) remove(there);
    folder.name = name;
    folder.above = above;
    above.below ??= new Map();
    above.below.set(name, folder);
  };
  const remove: FolderTree['remove'] = (folder) => {
    detach(folder);
    const gone = [folder];
    for (let next = gone.pop(); next !== undefined; next = gone.pop()) {
      folders.delete(next.key);
      if (next.below !== undefined) gone.push(...next.below.values());
    }
  };

  return {
    byKey: (key) => folders.get(key),
    at,
    put: (key, path) => {
      const folder = folders.get(key) ?? { key, name: '', above: undefined, below: undefined };
      if (path === '/') {
        root = folder;
        folders.set(key, folder);
        return;
      }
      const end = path.lastIndexOf('/');
      const above = at(path.slice(0, end));
      // Gone meanwhile, or a folder inside itself: nothing that is told of it would have a path.
      if (above === undefined || isInside(above, folder)) return;
      attach(folder, above, path.slice(end + 1));
      folders.set(key, folder);
    },
    move: (folder, above, name) => {
      if (!isInside(above, folder)) attach(folder, above, name);
    },
    remove,
    size: () => folders.size,
  };
};

export const pathOf = (folder: WatchedFolder): string => {
  const names: string[] = [];
  for (let at: WatchedFolder | undefined = folder; at !== undefined && names.length < maxDepth; at = at.above)
    if (at.name !== '') names.push(at.name);
  return `/${names.reverse().join('/')}`;
};

export const pathIn = (folder: WatchedFolder, name: string): string => {
  const path = pathOf(folder);
  return path === '/' ? `/${name}` : `${path}/${name}`;
};

const isInside = (folder: WatchedFolder, outer: WatchedFolder): boolean => {
  for (let at: WatchedFolder | undefined = folder; at !== undefined; at = at.above) if (at === outer) return true;
  return false;
};
