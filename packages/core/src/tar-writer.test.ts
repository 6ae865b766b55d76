import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createTarReader, type TarHeader } from './tar-reader.ts';
import { type TarEntry, tarEnd, tarHeader, tarPadding } from './tar-writer.ts';

const long = `${'folder/'.repeat(20)}file`;
const entries: readonly (TarEntry & { readonly content?: string })[] = [
  { path: 'a', kind: 'folder', mode: 0o755, sizeBytes: 0 },
  { path: 'a/file', kind: 'file', mode: 0o755, sizeBytes: 5, content: 'hello' },
  { path: 'a/empty', kind: 'file', mode: 0o644, sizeBytes: 0, content: '' },
  { path: 'a/link', kind: 'link', mode: 0o755, sizeBytes: 0, target: 'file' },
  { path: long, kind: 'file', mode: 0o600, sizeBytes: 512, content: 'x'.repeat(512) },
];
const archive = Buffer.concat([
  ...entries.flatMap((entry) => [tarHeader(entry), Buffer.from(entry.content ?? ''), tarPadding(entry.sizeBytes)]),
  tarEnd(),
]);

describe('tarHeader', () => {
  it('is what our reader reads', () => {
    const seen: TarHeader[] = [];
    const reader = createTarReader({
      maxEntries: 100,
      onEntry: (header) => {
        seen.push(header);
        return undefined;
      },
    });
    reader.write(archive);
    reader.finish();
    expect(seen.map(({ path, kind, sizeBytes }) => [path.replace(/\/$/, ''), kind, sizeBytes])).toEqual([
      ['a', 'directory', 0],
      ['a/file', 'file', 5],
      ['a/empty', 'file', 0],
      ['a/link', 'symlink', 0],
      [long, 'file', 512],
    ]);
    expect(seen[3]?.linkTarget).toBe('file');
  });

  it('is what tar lists, with mode, owner and time', () => {
    const listed = execFileSync('tar', ['-tv', '--utc', '--full-time'], { input: archive, encoding: 'utf8' });
    expect(listed).toContain('-rwxr-xr-x root/root         5 1970-01-01 00:00:00 a/file');
    expect(listed).toContain(long);
  });

  it('refuses what the format cannot hold', () => {
    expect(() => tarHeader({ path: 'x'.repeat(101), kind: 'file', mode: 0o644, sizeBytes: 0 })).toThrow(RangeError);
    expect(() => tarHeader({ path: 'x', kind: 'file', mode: 0o644, sizeBytes: 8 ** 11 })).toThrow(RangeError);
    expect(() => tarHeader({ path: 'x', kind: 'link', mode: 0o755, sizeBytes: 0, target: 'y'.repeat(101) })).toThrow(
      RangeError,
    );
  });
});
