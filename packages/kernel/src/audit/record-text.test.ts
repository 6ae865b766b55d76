import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, eachField, type FieldValue, parseStamp, textOf } from './record-text.ts';
import { writeText } from './testing/written-records.ts';

const fieldsOf = (text: string): readonly (readonly [string, FieldValue])[] => {
  const found: [string, FieldValue][] = [];
  eachField(text, 0, (name, value) => {
    found.push([name, value]);
    return found.length < 1000;
  });
  return found;
};

describe('parseStamp', () => {
  it('reads time and serial', () => {
    expect(parseStamp('audit(1795921200.068:70): cwd="/"')).toEqual({
      ...{ atMs: 1_795_921_200_068, serial: 70, fieldsAt: 'audit(1795921200.068:70): '.length },
    });
  });

  it.each(['', 'audit(1795921200.068)', 'audit(1.2:3): ', 'audit(x.068:70): ', ' audit(1795921200.068:70): '])(
    'takes %j for none',
    (text) => expect(parseStamp(text)).toBeUndefined(),
  );
});

describe('eachField', () => {
  it('reads bare and quoted values', () => {
    expect(fieldsOf('pid=3 comm="a b=c" exe=2F78 tty=(none)')).toEqual([
      ['pid', { text: '3', isQuoted: false }],
      ['comm', { text: 'a b=c', isQuoted: true }],
      ['exe', { text: '2F78', isQuoted: false }],
      ['tty', { text: '(none)', isQuoted: false }],
    ]);
  });

  it('passes over words and what is cut', () => {
    expect(fieldsOf('avc:  denied { read } for pid=3 comm="cut')).toEqual([
      ['pid', { text: '3', isQuoted: false }],
      ['comm', { text: 'cut', isQuoted: true }],
    ]);
  });

  it('stops when it is told to', () => {
    const seen: string[] = [];
    eachField('a=1 b=2 c=3', 0, (name) => {
      seen.push(name);
      return name !== 'b';
    });
    expect(seen).toEqual(['a', 'b']);
  });

  it('lets no text that a program chose pass for a field', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom('" uid=0 a="', ' uid=0 ', 'x"')), (chosen) => {
        const fields = fieldsOf(`comm=${writeText(chosen)} exe="/bin/x"`);
        expect(fields.map(([name]) => name)).toEqual(['comm', 'exe']);
        const [, value] = fields[0] ?? [];
        expect(value === undefined ? undefined : textOf(value)).toBe(chosen);
      }),
    );
  });

  it('ends on any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('=', '"', ' ', 'a', '(', '\n'), maxLength: 200 }), (text) => {
        expect(fieldsOf(text).length).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});

describe('bytesOf', () => {
  it.each(['(null)', '(none)', 'abc', '0x12', ''])('takes %j for nothing', (text) => {
    expect(bytesOf({ text, isQuoted: false })).toHaveLength(0);
  });
});
