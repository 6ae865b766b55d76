import { expect, it } from 'vitest';
import { cleanFileMappings, trimMemory } from './memory-trim.ts';

const mapping = (head: string, rssKiB: number, anonymousKiB: number | undefined): string =>
  `${head}\nSize:               1000 kB\nRss:                 ${rssKiB} kB\n${
    anonymousKiB === undefined ? '' : `Anonymous:           ${anonymousKiB} kB\n`
  }VmFlags: rd ex mr mw me\n`;

it('takes file mappings that hold nothing of their own, and no others', () => {
  const smaps = [
    mapping('00400000-00600000 r-xp 00000000 fd:00 100                       /usr/bin/node', 800, 0),
    mapping('00600000-00700000 r--p 00200000 fd:00 100                       /usr/bin/node', 100, 8),
    mapping('00700000-00800000 rw-p 00200000 fd:00 100                       /usr/bin/node', 100, 0),
    mapping('00800000-00900000 rw-p 00000000 00:00 0                         [heap]', 100, 100),
    mapping('00900000-00a00000 r-xp 00000000 00:00 0                         [vdso]', 4, 0),
    mapping('00a00000-00b00000 r--s 00000000 00:05 7                         /dev/zero (deleted)', 4, 0),
    mapping('00b00000-00c00000 r--s 00000000 00:01 9                         /memfd:ring (deleted)', 4, 0),
    mapping('00c00000-00d00000 r-xp 00000000 fd:00 101                       /opt/a path/lib.so', 16, 0),
    mapping('00d00000-00e00000 r-xp 00000000 fd:00 102                       /usr/lib/untouched.so', 0, 0),
    mapping('00e00000-00f00000 r-xp 00000000 fd:00 103                       /usr/lib/untold.so', 16, undefined),
    mapping('00f00000-01000000 ---p 00000000 fd:00 104                       /usr/lib/guard.so', 16, 0),
  ].join('');
  expect(cleanFileMappings(smaps)).toEqual([
    { address: 0x400000n, lengthBytes: 0x200000, residentBytes: 800 * 1024 },
    { address: 0xc00000n, lengthBytes: 0x100000, residentBytes: 16 * 1024 },
  ]);
});

it('finds nothing in nonsense', () => {
  expect(cleanFileMappings('')).toEqual([]);
  expect(cleanFileMappings('Rss: 5 kB\nAnonymous: 0 kB\n')).toEqual([]);
});

it('trims this process, which lives on', () => {
  expect(trimMemory()).toBeGreaterThan(0);
  expect(JSON.parse('{"still":"here"}')).toEqual({ still: 'here' });
});
