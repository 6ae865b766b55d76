import type { FileSystem } from '../file-system/file-system.ts';

/** As the SBOM schema says. */
const maxFiles = 4096;
const maxPathLength = 4096;

/** Folders that a merged /usr turns into links, so that one file has two names. */
export const mergeableFolders: readonly string[] = ['/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/libo32'];

/** The top folders of a target that are links into `/usr`. */
export const findMergedFolders = async (fileSystem: FileSystem): Promise<readonly string[]> => {
  const merged: string[] = [];
  for (const path of mergeableFolders) {
    const found = await fileSystem.lstat(path);
    if (found.ok && found.value.kind === 'symlink') merged.push(path);
  }
  return merged;
};

/**
 * Of a package's files those that a process can run or map. A file below a merged folder is listed by both of its names: the
 * one of the package's list, and the one that the kernel shows.
 */
export const usableFiles = (owned: Iterable<string | OwnedFile>, mergedFolders: readonly string[]): string[] => {
  const listed = [...owned].map((file) => (typeof file === 'string' ? { path: file, isProgram: false } : file));
  const folders = new Set(listed.map(({ path }) => folderOf(path)));
  const files = new Set<string>();
  for (const { path, isProgram } of listed) {
    if (files.size >= maxFiles) break;
    if (path.length > maxPathLength || folders.has(path) || !(isProgram || isUsable(path))) continue;
    files.add(path);
    const folder = mergedFolders.find((merged) => path.startsWith(`${merged}/`));
    if (folder !== undefined && files.size < maxFiles) files.add(`/usr${path}`);
  }
  return [...files];
};

/** `isProgram` where the database knows the file's mode. */
export type OwnedFile = { readonly path: string; readonly isProgram: boolean };

const folderOf = (path: string): string => path.slice(0, Math.max(path.lastIndexOf('/'), 0));

/** By its name: package lists carry no modes. */
const isUsable = (path: string): boolean => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (name === '' || name === '.') return false;
  if (/\.so(?:\.[\w.]+)?$|\.(?:jar|war|node)$/.test(name)) return true;
  if (/\/(?:s?bin|libexec|games)\//.test(path)) return true;
  return !name.includes('.') && /^\/(?:usr\/)?(?:lib\w*|local)\/|^\/opt\//.test(path);
};
