import { expect, test } from 'vitest';
import { userName } from './user-words.ts';

test.each([
  ['0', 'root'],
  ['1000', 'uid 1000'],
  ['www-data', 'www-data'],
  ['', ''],
])('%j is called %j', (user, name) => expect(userName(user)).toBe(name));
