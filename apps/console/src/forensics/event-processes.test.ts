import type { HuntEvent } from '@parapet/contract/api';
import { expect, test } from 'vitest';
import { processesOf } from './event-processes.ts';

const exec = (at: number, name: string, line: string): HuntEvent => ({
  ...{ '@timestamp': at, 'event.action': 'exec', 'host.id': 'h', 'process.entity_id': '7:70', 'process.pid': 7 },
  ...{ 'process.name': name, 'process.command_line': line, 'process.start': 1_000_000 },
});

test('a process that runs other programs in its own place is called by the last, and tells what it ran before', () => {
  const told = processesOf([exec(3_000_000, 'x', '/tmp/x'), exec(1_000_000, 'sh', 'sh -c "wget a; exec /tmp/x"')]);
  expect(told.get('7:70')).toMatchObject({
    ...{ name: 'x', commandLine: '/tmp/x', ranBefore: ['sh -c "wget a; exec /tmp/x"'] },
    startedAt: new Date(1000).toISOString(),
  });
});

test('of many programs it tells the last eight before the one it runs, of one none', () => {
  const lines = Array.from({ length: 12 }, (_, index) => exec(1_000_000 + index, 'sh', `step ${index}`));
  expect(processesOf(lines).get('7:70')?.ranBefore).toEqual(
    Array.from({ length: 8 }, (_, index) => `step ${index + 3}`),
  );
  expect(processesOf(lines.slice(0, 1)).get('7:70')?.ranBefore).toBeUndefined();
});
