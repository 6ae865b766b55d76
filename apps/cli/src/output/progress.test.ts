import { expect, it } from 'vitest';
import { createProgress } from './progress.ts';

const written = (isTTY: boolean): string => {
  let text = '';
  const progress = createProgress({ isTTY, columns: 20, write: (part) => (text += part) });
  progress.step('one\u001b[2J\nstill one');
  progress.step('x'.repeat(100));
  progress.warn('careful');
  progress.end();
  return text;
};

it('is plain lines in a pipeline', () => {
  expect(written(false)).toBe(`one�[2J still one\n${'x'.repeat(100)}\nparapet: careful\n`);
});

it('is one line on a terminal, gone at the end', () => {
  const parts = written(true).split('\r\u001b[2K');
  expect(parts).toHaveLength(3);
  expect(parts[1]).toContain('x'.repeat(17));
  expect(parts[1]).not.toContain('x'.repeat(18));
  expect(parts[2]).toBe('parapet: careful\n');
});
