import { describe, expect, it } from 'vitest';
import { foreignMounts, isLocalMount, mountPoints, overlayUpper } from './mounts.ts';

const table = [
  '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
  '23 22 0:5 / /proc rw - proc proc rw',
  '24 22 8:2 / /home rw - xfs /dev/sda2 rw',
  '25 22 0:40 / /mnt/nas\\040one rw - nfs4 nas:/one rw',
  '26 22 8:1 /srv/www /var/www rw shared:1 - ext4 /dev/sda1 rw',
  '27 22 8:9 /only/part /data rw master:2 propagate_from:3 - btrfs /dev/sdb rw',
  '28 22 0:50 / /var/lib/x/merged rw - overlay overlay rw',
  'broken line',
].join('\n');

describe('foreignMounts', () => {
  it('are those of other machines, of the kernel, of containers, and what is mounted twice', () => {
    expect([...foreignMounts(table, '/')]).toEqual(['/proc', '/mnt/nas one', '/var/www', '/var/lib/x/merged']);
  });

  it('are seen from the target’s root', () => {
    expect([...foreignMounts(table, '/mnt')]).toEqual(['/nas one']);
    expect([...foreignMounts(table, '/proc')]).toEqual([]);
  });
});

describe('mountPoints', () => {
  it('are all but the root', () => {
    expect([...mountPoints(table)]).toEqual([
      '/proc',
      '/home',
      '/mnt/nas one',
      '/var/www',
      '/data',
      '/var/lib/x/merged',
    ]);
  });
});

describe('isLocalMount', () => {
  it('knows an own file system and what a runtime laid over them, not those of the kernel or of other machines', () => {
    expect([22, 27, 28].map((id) => isLocalMount(table, id))).toEqual([true, true, true]);
    expect([23, 25, 2, 99].map((id) => isLocalMount(table, id))).toEqual([false, false, false, false]);
  });
});

describe('overlayUpper', () => {
  it('is where an overlay keeps what was written to it', () => {
    const mounts = [
      '40 1 0:50 / / rw,relatime - overlay overlay rw,lowerdir=/a/1:/a/2,upperdir=/var/lib/x/7/diff,workdir=/var/lib/x/7/work',
      '41 1 0:51 / / rw - overlay overlay rw,lowerdir=l/A:l/B,upperdir=7/diff,workdir=7/work',
      '42 1 0:52 / / ro - overlay overlay ro,lowerdir=/a/1:/a/2',
      '43 1 8:1 / / rw - ext4 /dev/sda1 rw,upperdir=/etc',
      '44 1 0:53 / / rw - overlay overlay rw,upperdir=/with\\054comma,workdir=/w',
    ].join('\n');
    expect([40, 41, 42, 43, 44, 45].map((id) => overlayUpper(mounts, id))).toEqual([
      '/var/lib/x/7/diff',
      ...[undefined, undefined, undefined, undefined, undefined],
    ]);
  });
});
