import { statfsSync } from 'node:fs';

/** The kinds of file systems that matter to us; `other` for the rest. */
export type FileSystemKind =
  | 'overlay'
  | 'tmpfs'
  | 'proc'
  | 'sysfs'
  | 'cgroup'
  | 'cgroup2'
  | 'btrfs'
  | 'nfs'
  | 'cifs'
  | 'fuse'
  | 'other';

/** What a path lies on, by `statfs(2)` and the numbers of `linux/magic.h`. Throws where the path cannot be reached. */
export const fileSystemKind = (path: string): FileSystemKind => kindByMagic.get(statfsSync(path).type >>> 0) ?? 'other';

const kindByMagic: ReadonlyMap<number, FileSystemKind> = new Map([
  [0x794c_7630, 'overlay'],
  [0x0102_1994, 'tmpfs'],
  [0x9fa0, 'proc'],
  [0x6265_6572, 'sysfs'],
  [0x27_e0eb, 'cgroup'],
  [0x6367_7270, 'cgroup2'],
  [0x9123_683e, 'btrfs'],
  [0x6969, 'nfs'],
  [0xff53_4d42, 'cifs'],
  [0xfe53_4d42, 'cifs'],
  [0x6573_5546, 'fuse'],
]);
