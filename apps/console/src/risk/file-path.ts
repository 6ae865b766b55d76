const deletedMark = ' (deleted)';
/** Folders that merged-/usr systems keep as links into /usr; package databases name either form. */
const merged = /^\/(?:bin|sbin|lib|lib32|lib64|libx32)\//;

/** One spelling for a path, so that what a package owns and what a process maps compare equal. */
export const normalisePath = (path: string): string => {
  const clean = path.endsWith(deletedMark) ? path.slice(0, -deletedMark.length) : path;
  return merged.test(clean) ? `/usr${clean}` : clean;
};

/** The kernel marks a mapped file that was replaced or removed since: the old version still runs. */
export const isDeleted = (path: string): boolean => path.endsWith(deletedMark);

/** The program of an executable path: its last part. */
export const programOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
