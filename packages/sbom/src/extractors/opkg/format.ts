/** Where opkg keeps its state: as OpenWrt builds it, and as Yocto does. */
export const stateFolders: readonly string[] = ['/usr/lib/opkg', '/var/lib/opkg'];

export const isOpkgFile = (path: string): boolean =>
  stateFolders.some(
    (folder) =>
      path === `${folder}/status` ||
      (path.startsWith(`${folder}/info/`) && path.endsWith('.list') && !path.includes('/', folder.length + 6)),
  );

const maxPaths = 200_000;

/** A path on each line; newer versions write its size and mode behind a tab. */
export const parseList = (text: string): string[] =>
  text.split('\n', maxPaths).flatMap((line) => {
    const path = line.split('\t', 1)[0]?.trim() ?? '';
    return path.startsWith('/') ? [path] : [];
  });
