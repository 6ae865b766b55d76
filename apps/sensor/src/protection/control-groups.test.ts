import { describe, expect, it } from 'vitest';
import { findOwnGroups } from './control-groups.ts';

const id = 'a'.repeat(64);
const v1 = (controllers: string, root = '/') =>
  `33 31 0:30 ${root} /sys/fs/cgroup/${controllers} rw,relatime - cgroup cgroup rw,${controllers}`;
const v2 = (point = '/sys/fs/cgroup', root = '/') =>
  `30 23 0:26 ${root} ${point} rw,nosuid shared:4 - cgroup2 cgroup2 rw`;
const others =
  '25 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n31 23 0:28 / /sys/fs/cgroup ro - tmpfs tmpfs rw,mode=755';
const none = { memory: undefined, cpu: undefined };

const unit = '/system.slice/parapet-sensor.service';
const cases: readonly {
  readonly where: string;
  readonly cgroup: readonly string[];
  readonly mounts: readonly string[];
  readonly groups: ReturnType<typeof findOwnGroups>;
}[] = [
  {
    where: 'a unit under version 2',
    cgroup: [`0::${unit}`],
    mounts: [others, v2()],
    groups: { v1: none, v2: { folder: `/sys/fs/cgroup${unit}`, isRoot: false } },
  },
  {
    where: 'the root of version 2, mounted elsewhere, in a folder with a space',
    cgroup: ['0::/'],
    mounts: [others, v2('/mnt/control\\040groups')],
    groups: { v1: none, v2: { folder: '/mnt/control groups', isRoot: true } },
  },
  {
    where: 'a unit under version 1, where controllers share a mount',
    cgroup: ['12:pids:/', `4:cpu,cpuacct:${unit}`, `3:memory:${unit}`, `1:name=systemd:${unit}`],
    mounts: [others, v1('cpu,cpuacct'), v1('memory'), v1('name=systemd')],
    groups: {
      v1: { memory: `/sys/fs/cgroup/memory${unit}`, cpu: `/sys/fs/cgroup/cpu,cpuacct${unit}` },
      v2: undefined,
    },
  },
  {
    where: 'a unit under both, as systemd mounts them side by side',
    cgroup: [`3:memory:${unit}`, `0::${unit}`],
    mounts: [others, v1('memory'), v2('/sys/fs/cgroup/unified')],
    groups: {
      v1: { memory: `/sys/fs/cgroup/memory${unit}`, cpu: undefined },
      v2: { folder: `/sys/fs/cgroup/unified${unit}`, isRoot: false },
    },
  },
  {
    where: 'a container that sees the groups of its host (Docker on version 1)',
    cgroup: [`3:memory:/docker/${id}`, `2:cpu:/docker/${id}/child`],
    mounts: [others, v1('memory', `/docker/${id}`), v1('cpu', `/docker/${id}`)],
    groups: { v1: { memory: '/sys/fs/cgroup/memory', cpu: '/sys/fs/cgroup/cpu/child' }, v2: undefined },
  },
  {
    where: 'a container with groups of its own (containerd, CRI-O, Podman and Docker on version 2)',
    cgroup: ['0::/'],
    mounts: [others, v2()],
    groups: { v1: none, v2: { folder: '/sys/fs/cgroup', isRoot: true } },
  },
  {
    where: 'Podman without root, below the manager of its user',
    cgroup: [`0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope/container`],
    mounts: [others, v2()],
    groups: {
      v1: none,
      v2: {
        folder: `/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope/container`,
        isRoot: false,
      },
    },
  },
  {
    where: 'a group outside of what is mounted here',
    cgroup: ['0::/../docker/other', `3:memory:/docker/${id}b`, '2:cpu:/elsewhere'],
    mounts: [others, v1('memory', `/docker/${id}`), v1('cpu', `/docker/${id}`), v2()],
    groups: { v1: none, v2: undefined },
  },
  {
    where: 'a kernel that mounts none',
    cgroup: [],
    mounts: [others],
    groups: { v1: none, v2: undefined },
  },
];

describe('the groups this process is in', () => {
  it.each(cases)('are found in $where', ({ cgroup, mounts, groups }) => {
    expect(findOwnGroups(`${cgroup.join('\n')}\n`, `${mounts.join('\n')}\n`)).toEqual(groups);
  });
});
