import { expect, test } from 'vitest';
import { toAsciiText } from './ascii-text.ts';

// biome-ignore lint/security/noGlobalEval: what is tested is what a program means
const meaningOf = (program: string): unknown => eval(program);

test.each([
  '"…"',
  "'a’b'",
  '`–é`',
  '/[–—]/.test("—")',
  '/^[😀]$/u.test("😀")',
  '"😀".length',
  'const é = 3; é',
  '"\\n…"',
])('%s means the same in ASCII', (program) => {
  const ascii = toAsciiText(program);
  expect(/^[\0-\x7f]*$/.test(ascii)).toBe(true);
  expect(meaningOf(ascii)).toEqual(meaningOf(program));
});

test('an escape that would change what a backslash means is refused', () => {
  expect(() => toAsciiText('"\\é"')).toThrow('backslash');
});
