import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLocalTime, readHostZone } from './host-zone.ts';
import { parseSyslogLine } from './syslog-line.ts';

const now = Date.UTC(2026, 0, 2, 0, 30);
const inBerlin = createLocalTime('Europe/Berlin', () => now);
const utc = (text: string): number => Date.parse(text) * 1000;

describe('lines of syslog', () => {
  it.each([
    ['Jan  2 01:29:59 box sshd[12]: text', utc('2026-01-02T00:29:59Z')],
    ['Dec 31 23:00:00 box sshd[12]: text', utc('2025-12-31T22:00:00Z')],
    ['Jul 14 12:00:00 box sshd[12]: text', utc('2025-07-14T10:00:00Z')],
    ['2026-01-02T01:29:59.000042+01:00 box sshd[12]: text', utc('2026-01-02T00:29:59Z') + 42],
    ['2026-01-02T00:29:59Z box sshd[12]: text', utc('2026-01-02T00:29:59Z')],
    ['Jan  2 01:29:59 box auth.info sshd[12]: text', utc('2026-01-02T00:29:59Z')],
  ])('%s', (line, atUs) =>
    expect(parseSyslogLine(line, inBerlin)).toEqual({ atUs, program: 'sshd', pid: 12, message: 'text' }),
  );

  it('may have no pid, and control characters in what they say', () => {
    expect(parseSyslogLine('Jan  2 01:00:00 box su: (to root) a\u001b[2J on x: y', inBerlin)).toMatchObject({
      ...{ program: 'su', pid: undefined, message: '(to root) a\u001b[2J on x: y' },
    });
  });

  it.each(['', 'text', 'Jan 99 01:00:00 box a: b', `Jan  2 01:00:00 ${'b'.repeat(9000)}`, 'Xxx  2 01:00:00 box a: b'])(
    'says no time or is none: %s',
    (line) => expect(parseSyslogLine(line, inBerlin)?.atUs).toBeUndefined(),
  );

  it('a host has its zone by a link', () => {
    const root = mkdtempSync(join(tmpdir(), 'zone-'));
    try {
      expect(readHostZone(root)).toBeUndefined();
      mkdirSync(join(root, 'etc'));
      symlinkSync('/usr/share/zoneinfo/America/Indiana/Knox', join(root, 'etc/localtime'));
      expect(readHostZone(root)).toBe('America/Indiana/Knox');
    } finally {
      rmSync(root, { recursive: true });
    }
  });
});
