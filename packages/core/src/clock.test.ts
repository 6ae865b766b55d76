import { expect, test } from 'vitest';
import { utcText } from './clock.ts';

test('a moment in a sentence is told to the minute, with its zone', () => {
  expect(utcText(new Date('2026-11-28T14:29:44.189Z'))).toBe('2026-11-28 14:29 UTC');
});
