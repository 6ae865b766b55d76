import type { HuntEvent } from '@parapet/contract/api';
import { expect, test } from 'vitest';
import { momentOf } from '../commands/hunt.ts';
import { eventLine, eventRows, gapLines, hereOf } from './hunt-output.ts';

const event: HuntEvent = {
  '@timestamp': 1_795_860_000_000_007,
  'event.action': 'exec',
  'host.name': 'web-01',
  'process.name': 'sh\u001b[2J',
  'process.command_line': 'sh -c \u001b]0;owned\u0007\nrm',
  'user.id': 0,
};

test('a table shows escapes and newlines of arguments instead of obeying them', () => {
  const [head, row, ...more] = eventRows([event], { withHeader: true }).split('\n');
  expect(more).toEqual([]);
  expect(head).toMatch(/^TIME +HOST +CONTAINER +ACTION +PROCESS +USER +WHAT$/);
  expect(row).toContain('2026-11-28T10:00:00.000007Z  web-01');
  expect(row).toContain('sh\\x1b[2J');
  expect(row).toContain('sh -c \\x1b]0;owned\\x07\\nrm');
  expect(eventRows([event], { withHeader: false }).split('\n')).toHaveLength(1);
});

test('a line of JSON steers no terminal and is still the event', () => {
  const hostile = { ...event, 'process.args': ['\u009b31m', '\u202etxt'] };
  const line = eventLine(hostile);
  expect(line).toMatch(/^[\u0020-\u007e]+$/);
  expect(JSON.parse(line)).toEqual(hostile);
});

test('says what the span lacks, and no more than a screen of it', () => {
  const gap = {
    ...{ hostId: 'h', hostName: 'web\u001b[1m', collector: 'activity', from: 'a', to: 'b' },
    cause: 'kernel: ring full',
  };
  expect(gapLines([])).toEqual([]);
  expect(gapLines([{ ...gap, lost: 7 }, gap])).toEqual([
    'This span is not whole: 7 events were lost, sensors of 1 host were blind.',
    '  web\\x1b[1m, Programs: 7 lost, a to b (the kernel’s buffer was full, in the kernel, before the sensor read it)',
    '  web\\x1b[1m, Programs: blind, a to b (the kernel’s buffer was full, in the kernel, before the sensor read it)',
  ]);
  const gone = { collector: 'store', from: 'a', to: 'b', cause: 'deleted by retention' };
  expect(gapLines([{ ...gone, deleted: 5 }, gone])).toEqual([
    'This span is not whole: 5 events were let go.',
    '  all hosts, Store of events: 5 let go, a to b (deleted by retention)',
    '  all hosts, Store of events: let go, a to b (deleted by retention)',
  ]);
  const leftOut = { collector: 'policy', from: 'a', hosts: 3, cause: 'version 2 leaves out exit' };
  expect(gapLines([{ ...gap, lost: 1 }, leftOut])).toEqual([
    'This span is not whole: 1 events were lost, the telemetry policy left events out on purpose.',
    '  web\\x1b[1m, Programs: 1 lost, a to b (the kernel’s buffer was full, in the kernel, before the sensor read it)',
    '  3 hosts, Telemetry policy: left out, a to now (version 2 leaves out exit)',
  ]);
  const before = {
    ...leftOut,
    collector: 'sensor',
    hosts: 2,
    unwatched: true,
    cause: 'the sensor was installed then',
  } as const;
  expect(gapLines([before])).toEqual([
    'This span is not whole: 2 hosts not watched for all of it.',
    '  2 hosts, The whole sensor: not watched, a to now (the sensor was installed then)',
  ]);
  expect(gapLines([{ ...before, hosts: 0 }])).toEqual([
    'Nobody watched: there is no host of which anything could be known.',
  ]);
  expect(gapLines(Array.from({ length: 100 }, () => gap))).toHaveLength(22);
});

test('marks where a hunt goes wrong', () => {
  expect(hereOf('proces.name = nc', 'There is no such field.', { at: 0, suggestions: ['process.name'] })).toBe(
    'There is no such field.\n  proces.name = nc\n  ^\nCould stand there: process.name',
  );
  expect(hereOf('', 'Too long.', {})).toBe('Too long.');
});

test.each([
  ['15m', 1_000_000 - 900_000],
  ['now', 1_000_000],
  ['2026-11-28T10:00:00Z', 1_795_860_000_000],
  ['2026-11-28', 1_795_824_000_000],
  ['1 hour', Number.NEGATIVE_INFINITY],
  ['-5m', Number.NEGATIVE_INFINITY],
  ['2026-99-99', Number.NEGATIVE_INFINITY],
])('reads the time %s', (text, at) => expect(momentOf(text, 1_000_000)).toBe(at));
