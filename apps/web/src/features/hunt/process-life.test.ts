import { type HuntEvent, livesOf } from '@parapet/contract/api';
import { expect, test } from 'vitest';
import { lifeRows } from './process-life.ts';

const event = (at: number, action: string, id: string, more: Partial<HuntEvent> = {}): HuntEvent => ({
  '@timestamp': at,
  'event.action': action,
  'process.entity_id': id,
  'process.name': id,
  'host.id': 'h',
  ...more,
});
const parent = (id: string): Partial<HuntEvent> => ({ 'process.parent.entity_id': id, 'process.parent.name': id });
const drawn = (events: readonly HuntEvent[], closed: readonly string[] = []): string =>
  lifeRows(livesOf(events), new Set(closed))
    .map(({ life, depth }) => `${' '.repeat(depth)}${life.name}`)
    .join('\n');

const story = [
  event(30, 'exit', 'curl', { 'process.exit_code': 7 }),
  event(10, 'exec', 'sh', { ...parent('nginx'), 'process.command_line': 'sh -c x' }),
  event(20, 'exec', 'curl', parent('sh')),
];

test('children hang under their parents, which are named even when they told nothing', () =>
  expect(drawn(story)).toBe('nginx\n sh\n  curl'));

test('start, end and exit code come from two events', () => {
  const curl = livesOf(story).find(({ name }) => name === 'curl');
  expect(curl).toMatchObject({ startedAt: 20, endedAt: 30, exitCode: 7 });
});

test('a process that ran another program in its place is one, with both commands', () => {
  const [life] = livesOf([
    event(1, 'exec', 'a', { 'process.command_line': 'sh' }),
    event(2, 'exec', 'a', { 'process.command_line': 'nginx' }),
  ]);
  expect(life).toMatchObject({ startedAt: 1, commands: ['sh', 'nginx'] });
});

test('the same identity on two hosts is two processes', () =>
  expect(livesOf([event(1, 'exec', 'a'), event(1, 'exec', 'a', { 'host.id': 'other' })])).toHaveLength(2));

test('what is closed hides what lies below', () => expect(drawn(story, ['h/sh'])).toBe('nginx\n sh'));

test('loops are cut and nobody is left out', () => {
  const loop = [event(1, 'exec', 'a', parent('b')), event(2, 'exec', 'b', parent('a'))];
  expect(drawn(loop)).toBe('a\n b');
});

test('an end without a start is a process whose start was not seen', () => {
  const [life] = livesOf([event(5, 'exit', 'a')]);
  expect(life?.startedAt).toBeUndefined();
  expect(life?.endedAt).toBe(5);
});

test('a chain of ten thousand is drawn', () => {
  const chain = Array.from({ length: 10_000 }, (_, index) =>
    event(index, 'exec', `p${index}`, parent(`p${index - 1}`)),
  );
  expect(lifeRows(livesOf(chain), new Set())).toHaveLength(10_001);
});
