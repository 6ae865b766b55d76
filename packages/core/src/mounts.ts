/** File systems that hold a host's own files and answer by themselves. Others are the kernel's, another machine's, or layers of containers. */
const ownTypes: ReadonlySet<string> = new Set([
  'bcachefs',
  'btrfs',
  'erofs',
  'exfat',
  'ext2',
  'ext3',
  'ext4',
  'f2fs',
  'jfs',
  'nilfs2',
  'ntfs3',
  'reiserfs',
  'squashfs',
  'tmpfs',
  'ubifs',
  'vfat',
  'xfs',
  'zfs',
]);

type Mount = {
  readonly id: string;
  readonly device: string;
  readonly root: string;
  readonly point: string;
  readonly type: string;
};

/** Mounts that are read of a table; a host of many containers has some thousands. */
const maxMounts = 100_000;

/**
 * The mount points below `root` that a walk leaves out, as paths inside it, from the text of `/proc/<pid>/mountinfo` (proc(5)):
 * foreign file systems, and parts of a file system that is also mounted as a whole, because their files are found there.
 */
export const foreignMounts = (mountinfo: string, root: string): ReadonlySet<string> => {
  const mounts = mountinfo
    .split('\n', maxMounts)
    .flatMap((line) => parseMount(line) ?? [])
    .flatMap((mount): Mount[] => {
      const inside = insideOf(mount.point, root);
      return inside === undefined ? [] : [{ ...mount, point: inside }];
    });
  const whole = new Set(mounts.filter((mount) => mount.root === '/').map(({ device }) => device));
  return new Set(
    mounts
      .filter(({ type, device, root: part }) => !ownTypes.has(type) || (part !== '/' && whole.has(device)))
      .map(({ point }) => point)
      .filter((point) => point !== '/'),
  );
};

/** Everything that is mounted below the root, whatever it is, as paths inside it. */
export const mountPoints = (mountinfo: string): ReadonlySet<string> =>
  new Set(
    mountinfo
      .split('\n', maxMounts)
      .flatMap((line) => parseMount(line)?.point ?? [])
      .filter((point) => point !== '/'),
  );

/**
 * Whether the root of a container lies on a file system that answers by itself: one of a host's own, or an overlay, which the runtime
 * made of those. `mountId` is what `/proc/self/fdinfo` says of a descriptor.
 */
export const isLocalMount = (mountinfo: string, mountId: number): boolean =>
  mountinfo.split('\n', maxMounts).some((line) => {
    const mount = parseMount(line);
    return mount?.id === String(mountId) && (mount.type === 'overlay' || ownTypes.has(mount.type));
  });

/**
 * Where an overlay keeps what was written to it, as its options say it (`upperdir=`); `undefined` for other mounts, and for a path that
 * would have to be unescaped or is none of the root.
 */
export const overlayUpper = (mountinfo: string, mountId: number): string | undefined => {
  const line = mountinfo.split('\n', maxMounts).find((each) => each.startsWith(`${mountId} `));
  if (line === undefined || parseMount(line)?.type !== 'overlay') return undefined;
  return /[ ,]upperdir=(\/[\w./+@-]{1,255})(?:,|$)/.exec(line)?.[1];
};

/** `36 35 98:0 /root /mount/point options [optional fields] - type source options`, spaces in paths written as `\040`. */
const parseMount = (line: string): Mount | undefined => {
  const fields = line.split(' ');
  const [id, , device, root, point] = fields;
  const type = fields[fields.indexOf('-', 5) + 1];
  if (id === undefined || device === undefined || root === undefined) return undefined;
  if (point === undefined || type === undefined) return undefined;
  return { id, device, root: unescaped(root), point: unescaped(point), type };
};

const unescaped = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

const insideOf = (point: string, root: string): string | undefined => {
  if (root === '/' || point === root) return point === root ? '/' : point;
  return point.startsWith(`${root}/`) ? point.slice(root.length) : undefined;
};
