import { expect, test } from 'vitest';
import { commandOf, matching, pageCommands, whereIs } from './commands.ts';

test('every typed word must be in the title or the words', () => {
  expect(matching(pageCommands, 'audit who').map((command) => command.title)).toEqual(['Audit log']);
  expect(matching(pageCommands, 'cve risk').map((command) => command.title)).toEqual(['Findings']);
  expect(matching(pageCommands, 'audit nothing')).toEqual([]);
  expect(matching(pageCommands, '  ')).toHaveLength(pageCommands.length);
});

test.each([
  [{ kind: 'host', id: 'h' }, '/assets/h'],
  [{ kind: 'finding', id: 'f' }, '/findings/f'],
  [{ kind: 'package', id: 'p' }, '/packages?q=lib%26ssl&match=exact'],
  [{ kind: 'vulnerability', id: 'CVE-2026-1' }, '/findings?vulnerability=CVE-2026-1&by=asset'],
  [{ kind: 'process', id: 'h' }, '/assets/h?tab=processes'],
] as const)('%o leads to %s', (found, to) => expect(commandOf({ ...found, title: 'lib&ssl', detail: '' }).to).toBe(to));

test('any text can be looked for among the packages', () => {
  expect(whereIs(' log4j & co ').map(({ to }) => to)).toEqual(['/packages?q=log4j%20%26%20co']);
  expect(whereIs('  ')).toEqual([]);
});
