import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createArgumentsReader, splitArguments } from './arguments-reader.ts';
import { containersInCgroup } from './container-ids.ts';
import { createHostTimes, readBootId } from './host-times.ts';
import { parseMaps, parseStatus, readExecutable, readLoadedFiles, readStat, readStatus } from './process-files.ts';
import { parseStat } from './stat.ts';

const a = 'a'.repeat(64);
const b = 'b'.repeat(64);

describe('parseStat', () => {
  it('is not misled by a name with parentheses and spaces', () => {
    const rest = 'S 7 1 1 0 -1 4194304 0 0 0 0 0 0 0 0 20 0 1 0 4242 0 0';
    expect(parseStat(`12 (a) S 1 (b) ${rest}`)).toMatchObject({
      pid: 12,
      name: 'a) S 1 (b',
      parentPid: 7,
      startTicks: 4242,
    });
  });
  it('tells kernel threads', () => {
    expect(parseStat('2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 9 0 0')?.isKernelThread).toBe(true);
  });
  it.each(['', '12', '12 (x', 'x (y) S 1'])('gives nothing for "%s"', (text) => {
    expect(parseStat(text)).toBeUndefined();
  });
});

describe('containersInCgroup', () => {
  it.each<[string, string[]]>([
    ['0::/', []],
    [`0::/system.slice/docker-${a}.scope`, [`docker ${a}`]],
    [`9:name=systemd:/\n4:memory:/docker/${a}\n0::/`, [`docker ${a}`]],
    [`4:memory:/docker/${a}/docker/${b}\n3:cpu:/docker/${a}`, [`docker ${a}`, `docker ${b}`]],
    [`0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-${a}.scope`, [`containerd ${a}`]],
    [`11:memory:/kubepods/besteffort/pod2c48913c/${a}`, [`unknown ${a}`]],
    [`0::/kubepods.slice/crio-${a}.scope/container`, [`cri-o ${a}`]],
    [`0::/machine.slice/libpod-${a}.scope/container`, [`podman ${a}`]],
    [`0::/machine.slice/libpod-conmon-${a}.scope`, []],
    [`0::/system.slice/containerd.service/kubepods-burstable-pod1.slice:cri-containerd:${a}`, [`unknown ${a}`]],
    [`0::/../${a}`, [`unknown ${a}`]],
    [`0::/../docker-${a}.scope`, [`docker ${a}`]],
    [`4:memory:/system.slice/docker-${a}.scope\n0::/`, [`docker ${a}`]],
    [`0::/kubepods/burstable/pod2c48913c/crio-${a}`, [`cri-o ${a}`]],
    [`0::/kubepods.slice/crio-conmon-${a}.scope`, []],
    [`0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${a}.scope/container`, [`podman ${a}`]],
    [`0::/libpod_parent/${a}`, [`podman ${a}`]],
    [`3:memory:/machine.slice/libpod-${a}.scope\n1:name=systemd:/\n0::/`, [`podman ${a}`]],
    [`0::/system.slice/docker-${a}.scope/system.slice/docker-${b}.scope`, [`docker ${a}`, `docker ${b}`]],
    [`0::/kubepods.slice/cri-containerd-${a}.scope/docker/${b}`, [`containerd ${a}`, `docker ${b}`]],
    [`0::/docker/${a.slice(1)}`, []],
  ])('%s', (text, expected) => {
    expect(containersInCgroup(text).map(({ id, runtime }) => `${runtime} ${id}`)).toEqual(expected);
  });
});

describe('parseStatus', () => {
  it('takes the effective user, the capabilities and the innermost pid', () => {
    const text = 'Name:\tx\nUid:\t1\t2\t3\t4\nNSpid:\t500\t12\t1\nCapEff:\t00000000a80425fb\n';
    expect(parseStatus(text)).toEqual({ effectiveUid: 2, capabilities: 'a80425fb', namespacePid: 1 });
    expect(parseStatus('Uid:\t1\t0\nCapEff:\t0000000000000000\n')).toMatchObject({
      capabilities: '',
      namespacePid: undefined,
    });
  });
});

describe('parseMaps', () => {
  const line = (rights: string, path: string, inode = '99') => `7f00-7f10 ${rights} 0000 fe:00 ${inode}      ${path}`;
  it('keeps executable files once, deleted ones marked, the program itself left out', () => {
    const text = [
      line('r-xp', '/usr/bin/app'),
      line('r--p', '/lib/a.so'),
      line('r-xp', '/lib/b c.so'),
      line('r-xp', '/lib/b c.so'),
      line('r-xp', '/lib/d.so (deleted)'),
      line('r-xp', '[vdso]', '0'),
      line('r-xp', '/dev/zero (deleted)', '0'),
    ].join('\n');
    expect(parseMaps(text, false, '/usr/bin/app')).toEqual({
      files: ['/lib/b c.so', '/lib/d.so (deleted)'],
      cut: false,
    });
  });
  it('says when it cuts', () => {
    const text = Array.from({ length: 300 }, (_, at) => line('r-xp', `/lib/${at}.so`)).join('\n');
    const { files, cut } = parseMaps(text, false, '');
    expect([files.length, cut]).toEqual([256, true]);
  });
});

describe('splitArguments', () => {
  it('keeps empty arguments, cuts what is long', () => {
    expect(splitArguments(Buffer.from('a\0\0b\0'))).toEqual({ argv: ['a', '', 'b'], cut: false });
    expect(splitArguments(Buffer.from(''))).toEqual({ argv: [], cut: false });
    expect(splitArguments(Buffer.from(`${'x\0'.repeat(300)}`))).toMatchObject({ cut: true });
    expect(splitArguments(Buffer.from('y'.repeat(9000))).argv[0]).toHaveLength(4096);
  });
});

describe('the real /proc', () => {
  it('describes a child of this process', async () => {
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      const pid = child.pid ?? 0;
      const stat = readStat('/proc', pid);
      expect(stat).toMatchObject({ pid, parentPid: process.pid, isKernelThread: false });
      const startedAt = createHostTimes('/proc', Date.now()).startedAt(stat?.startTicks ?? 0);
      expect(Math.abs(startedAt - Date.now())).toBeLessThan(60_000);
      await expect
        .poll(async () => (await createArgumentsReader('/proc').read(pid))?.argv, { timeout: 25_000 })
        .toEqual(['sleep', '60']);
      expect(readExecutable('/proc', pid)).toMatch(/sleep|coreutils|busybox/);
      expect(readLoadedFiles('/proc', pid, '')?.files.length).toBeGreaterThan(0);
      expect(readStatus('/proc', pid)?.effectiveUid).toBe(process.geteuid?.());
    } finally {
      child.kill('SIGKILL');
    }
    expect(readBootId('/proc')).toMatch(/^[0-9a-f-]{36}$/);
    expect(await createArgumentsReader('/proc').read(2 ** 30)).toBeUndefined();
  });
});
