import { describe, expect, it } from 'vitest';
import { type Hunt, huntLimits } from './hunt.ts';
import { parseHunt } from './parse.ts';

const read = (text: string): Hunt => {
  const hunt = parseHunt(text);
  if (!hunt.ok) throw new Error(`${hunt.error.message} (at ${hunt.error.at})`);
  return hunt.value;
};
const errorOf = (text: string) => {
  const hunt = parseHunt(text);
  if (hunt.ok) throw new Error('it was read');
  return hunt.error;
};
const equals = (field: string, value: unknown) => ({ kind: 'test', field, test: { kind: 'equals', value } });

describe('parseHunt', () => {
  it('reads the hunt of the README', () => {
    expect(read('process.name = "nc" and user.id = 0')).toEqual({
      kind: 'and',
      parts: [equals('process.name', 'nc'), equals('user.id', 0)],
    });
  });

  it('binds not before and before or, whatever the case', () => {
    expect(read('NOT user.id = 0 And event.action = exec oR event.action = exit')).toEqual({
      kind: 'or',
      parts: [
        { kind: 'and', parts: [{ kind: 'not', part: equals('user.id', 0) }, equals('event.action', 'exec')] },
        equals('event.action', 'exit'),
      ],
    });
    expect(read('user.id = 0 and (event.action = exec or event.action = exit)')).toMatchObject({ kind: 'and' });
  });

  it('reads every kind of test', () => {
    const test = (text: string): unknown => {
      const hunt = read(text);
      return hunt.kind === 'test' ? hunt.test : hunt;
    };
    expect(test('process.name = ba*')).toEqual({ kind: 'wildcard', pattern: 'ba*' });
    expect(test('process.command_line ~ "curl .*\\| *sh"')).toEqual({ kind: 'matches', pattern: 'curl .*\\| *sh' });
    expect(test('destination.port = 1..1024')).toEqual({ kind: 'range', from: 1, to: 1024 });
    expect(test('destination.port > 1024')).toEqual({ kind: 'range', from: 1025 });
    expect(test('destination.port <= 80')).toEqual({ kind: 'range', to: 80 });
    expect(test('parapet.process.memfd = true')).toEqual({ kind: 'equals', value: true });
    expect(test('source.ip = 10.0.0.0/8')).toEqual({
      kind: 'network',
      from: '00000000000000000000ffff0a000000',
      to: '00000000000000000000ffff0affffff',
    });
    expect(test('source.ip = 2001:db8::1')).toMatchObject({ from: '20010db8000000000000000000000001' });
    expect(test('@timestamp >= 2026-11-28T10:00:00Z')).toEqual({ kind: 'range', from: 1_795_860_000_000_000 });
    expect(test('container.id exists')).toEqual({ kind: 'exists', field: 'container.id' });
    expect(test('process.name != nc')).toEqual({ kind: 'not', part: equals('process.name', 'nc') });
    expect(test('process.name in (nc, "ncat")')).toEqual({
      kind: 'or',
      parts: [equals('process.name', 'nc'), equals('process.name', 'ncat')],
    });
  });

  it('reads quotes inside quotes', () => {
    expect(read(`process.name = 'a"b'`)).toEqual(equals('process.name', 'a"b'));
    expect(read('process.name = "a\\"b\\\\"')).toEqual(equals('process.name', 'a"b\\'));
  });

  it('wants everything when nothing is written', () => {
    expect(read('  ')).toEqual({ kind: 'all' });
  });

  it('says where it went wrong and what could stand there', () => {
    expect(errorOf('proces.name = nc')).toMatchObject({ at: 0, suggestions: expect.arrayContaining(['process.name']) });
    expect(errorOf('process.name')).toMatchObject({ at: 12, suggestions: ['=', '!=', '~', 'in', 'exists'] });
    expect(errorOf('user.id = root').message).toContain('whole number');
    expect(errorOf('source.ip = 10.0.0.0/33').message).toContain('address');
    expect(errorOf('(user.id = 0').message).toContain('bracket');
    expect(errorOf('user.id = 0 user.id = 1').suggestions).toEqual(['and', 'or']);
    expect(errorOf('process.name = "open').message).toContain('no end');
    expect(errorOf('user.id ~ "x"').message).toContain('no text');
    expect(errorOf('user.id in 1').message).toContain('list');
    expect(errorOf('constructor = 1').message).toContain('no field');
  });

  it('has limits', () => {
    expect(errorOf('x'.repeat(huntLimits.characters + 1)).message).toContain('characters');
    expect(errorOf(`${'('.repeat(100)}user.id = 0`).message).toContain('deep');
    expect(errorOf(`${'not '.repeat(100)}user.id = 0`).message).toContain('deep');
    expect(errorOf(Array.from({ length: 70 }, () => 'user.id = 0').join(' or ')).message).toContain('comparisons');
    expect(errorOf(`user.id in (${Array.from({ length: 300 }, () => '1').join(',')})`).message).toContain('values');
    expect(errorOf(`process.name ~ "${'a'.repeat(600)}"`).message).toContain('regular expression');
  });

  it('reads or refuses any text, and never fails otherwise', () => {
    const pieces = [
      'process.name',
      'user.id',
      '=',
      '~',
      '(',
      ')',
      'and',
      'not',
      'in',
      '"',
      '\\',
      '1..2',
      ',',
      '!',
      '*',
      '\0',
      'é',
    ];
    for (let seed = 1; seed < 3000; seed += 1) {
      const text = Array.from(
        { length: seed % 13 },
        (_, index) => pieces[(seed * 31 + index * index * 17) % pieces.length],
      );
      parseHunt(text.join(seed % 2 === 0 ? ' ' : ''));
    }
  });
});
