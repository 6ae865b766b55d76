import { expect, test } from 'vitest';
import { csvCell } from './csv-cell.ts';

test.each([
  ['plain', 'plain'],
  ['=HYPERLINK("http://x")', `"'=HYPERLINK(""http://x"")"`],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@sum', "'@sum"],
  ['\tx', "'\tx"],
  ['a,b', '"a,b"'],
  ['two\nlines', '"two\nlines"'],
  [null, ''],
  [-5, '-5'],
])('%j becomes %j', (value, cell) => expect(csvCell(value)).toBe(cell));
