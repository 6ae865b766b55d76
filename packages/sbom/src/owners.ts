/** Which of a distribution's packages owns a file that a walk read. */
export type Owners = {
  readonly claim: (purl: string, paths: Iterable<string>) => void;
  readonly ownerOf: (path: string) => string | undefined;
};

/** Remembers the owners of `paths` only: a distribution owns hundreds of thousands of files that nobody asks about. */
export const createOwners = (paths: Iterable<string>, mergedFolders: readonly string[]): Owners => {
  const asked = new Set(paths);
  const owners = new Map<string, string>();
  return {
    claim: (purl, claimed) => {
      if (asked.size === 0) return;
      for (const path of claimed) {
        if (asked.has(path)) owners.set(path, purl);
        // A package's list may name a file by the folder that a merged /usr has made a link.
        else if (mergedFolders.some((folder) => path.startsWith(`${folder}/`)) && asked.has(`/usr${path}`))
          owners.set(`/usr${path}`, purl);
      }
    },
    ownerOf: (path) => owners.get(path),
  };
};
