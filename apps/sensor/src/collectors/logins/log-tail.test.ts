import { appendFileSync, copyFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRootFolder } from '@parapet/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLineReader } from './line-reader.ts';
import { createLogTail, type LogPosition } from './log-tail.ts';

let root = '';
let log = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tail-'));
  log = join(root, 'log');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const follow = (start: LogPosition | 'begin' | 'end' = 'begin') => {
  const gaps: string[] = [];
  const reader = createLineReader(64);
  const tail = createLogTail({
    openRoot: () => openRootFolder(root),
    ...{ path: '/log', start, unit: 1 },
    onGap: (cause) => gaps.push(cause),
  });
  const lines = (): string[] => {
    const found: string[] = [];
    for (;;) {
      const read = reader.read(tail.peek(), tail.isLast());
      found.push(...read.lines);
      if (read.taken === 0) return found;
      tail.take(read.taken);
    }
  };
  return { tail, lines, gaps };
};

describe('a followed log', () => {
  it('is told line by line, also one that is written in two pieces', () => {
    const { lines, tail } = follow();
    expect(lines()).toEqual([]);
    expect(tail.problem()).toBe('enoent');
    writeFileSync(log, 'one\ntw');
    expect(lines()).toEqual(['one']);
    appendFileSync(log, 'o\nthree\n');
    expect(lines()).toEqual(['two', 'three']);
    expect(lines()).toEqual([]);
  });

  it('begins at the end where what is there was before', () => {
    writeFileSync(log, 'before\n');
    const { lines } = follow('end');
    expect(lines()).toEqual([]);
    appendFileSync(log, 'after\n');
    expect(lines()).toEqual(['after']);
  });

  it('goes over to the next file with nothing lost, in order', () => {
    const { lines, gaps } = follow();
    writeFileSync(log, 'one\n');
    expect(lines()).toEqual(['one']);
    appendFileSync(log, 'two\nno end of line');
    renameSync(log, `${log}.1`);
    expect(lines()).toEqual(['two']);
    appendFileSync(`${log}.1`, ' yet\n');
    expect(lines()).toEqual(['no end of line yet']);
    appendFileSync(`${log}.1`, 'never ended');
    writeFileSync(log, 'three\n');
    renameSync(log, `${log}.0`);
    writeFileSync(log, 'four\n');
    // Its end might still come.
    expect(lines()).toEqual([]);
    expect(lines()).toEqual(['never ended', 'three', 'four']);
    expect(gaps).toEqual([]);
  });

  it('goes on in the copy of a file that was cut', () => {
    const { lines, gaps } = follow();
    writeFileSync(log, 'one\n');
    lines();
    appendFileSync(log, 'two\n');
    copyFileSync(log, `${log}.1`);
    truncateSync(log);
    appendFileSync(log, 'three and so long that the file has grown beyond where it was\n');
    expect(lines()).toEqual(['two', 'three and so long that the file has grown beyond where it was']);
    expect(gaps).toEqual([]);
    appendFileSync(log, 'four\n');
    expect(lines()).toEqual(['four']);
  });

  it('says that something is missing when it was cut and no copy is there', () => {
    const { lines, gaps } = follow();
    writeFileSync(log, 'one is long enough\n');
    lines();
    writeFileSync(log, 'two\n');
    expect(lines()).toEqual(['two']);
    expect(gaps).toEqual([expect.stringContaining('cut')]);
  });

  it.each([
    ['where it was', () => undefined],
    ['in the file that was moved away', () => renameSync(log, `${log}.1`)],
    [
      'in a copy',
      () => {
        copyFileSync(log, `${log}-20261128`);
        truncateSync(log);
      },
    ],
  ])('is gone on with after a start, %s', (_where, happens) => {
    const first = follow();
    writeFileSync(log, 'one\ntw');
    first.lines();
    const position = first.tail.position();
    first.tail.close();
    appendFileSync(log, 'o\n');
    happens();
    appendFileSync(log, 'three\n');
    const second = follow(position);
    expect(second.lines()).toEqual(['two', 'three']);
    expect(second.gaps).toEqual([]);
  });

  it('says that something is missing when the file it was in is gone', () => {
    const first = follow();
    writeFileSync(log, 'one\n');
    first.lines();
    const position = first.tail.position();
    first.tail.close();
    rmSync(log);
    const second = follow(position);
    expect(second.lines()).toEqual([]);
    writeFileSync(log, 'other\n');
    expect(second.lines()).toEqual(['other']);
    expect(second.gaps).toEqual([expect.stringContaining('replaced')]);
  });

  it('keeps to the beginning of long lines, and leaves out what was written too fast', () => {
    const { lines, gaps } = follow();
    writeFileSync(log, `${'a'.repeat(1_000_000)}\nshort\n`);
    expect(lines()).toEqual(['a'.repeat(64), 'short']);
    appendFileSync(log, `${'b'.repeat(63)}\n`.repeat(600_000));
    const found = lines();
    expect(found.length).toBeLessThan(2000);
    expect(found.at(-1)).toBe('b'.repeat(63));
    expect(gaps).toEqual([expect.stringContaining('left out')]);
  });
});
