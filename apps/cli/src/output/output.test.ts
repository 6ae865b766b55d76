import { describe, expect, it } from 'vitest';
import { bold, printable } from './print.ts';
import { formatBytes, formatTable } from './table.ts';

describe('printable', () => {
  it('keeps our own styling and text of any script', () => {
    expect(printable('\u001b[1mbold\u001b[22m naïve 日本')).toBe('\u001b[1mbold\u001b[22m naïve 日本');
    expect(printable(bold('x'))).toBe(bold('x'));
  });

  it.each([
    ['\u001b]0;owned\u0007', '�]0;owned�'],
    ['a\u001b[2Jb', 'a�[2Jb'],
    ['a\rb', 'a�b'],
    ['a\u009b31mb', 'a�31mb'],
    ['a\u0000b', 'a�b'],
  ])('disarms %j', (hostile, expected) => {
    expect(printable(hostile)).toBe(expected);
  });
});

describe('formatTable', () => {
  it('pads all columns but the last', () => {
    expect(
      formatTable(
        ['name', 'n'],
        [
          ['long name', '1'],
          ['x', '22'],
        ],
      ),
    ).toBe('name       n\nlong name  1\nx          22');
  });
});

describe('formatBytes', () => {
  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1536, '1.5 KiB'],
    [5 * 2 ** 30, '5.0 GiB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
