import { frameLimits, recordHash } from '@parapet/contract/wire';
import { expect, test } from 'vitest';
import { hostRecord, listenerRecord, putLine } from '../testing/records.ts';
import { readInventoryBody } from './frame-reader.ts';

const read = (...lines: readonly string[]) => readInventoryBody(Buffer.from(lines.join('\n')));
const code = (...lines: readonly string[]): string => {
  const body = read(...lines);
  return body.ok ? 'ok' : body.error.code;
};

test('records are read with the hash of what was on the line', () => {
  const extended = { ...hostRecord(), invented: { later: true } };
  const body = read(JSON.stringify({ kind: 'put', record: extended }));
  if (!body.ok) throw new Error(body.error.message);
  const [item] = body.value.items;
  expect(item).toEqual({
    kind: 'put',
    put: { record: hostRecord(), hash: recordHash('host', 'host', JSON.stringify(extended)) },
  });
});

test('a frame that is not NDJSON of objects is refused as a whole', () => {
  expect(code('{')).toBe('frame-json');
  expect(code(putLine(hostRecord()), 'nonsense')).toBe('frame-json');
  expect(code('[]')).toBe('frame-json');
  expect(code('null')).toBe('frame-json');
  expect(code('')).toBe('frame-lines');
  expect(code(...Array(frameLimits.lines + 1).fill('{}'))).toBe('frame-lines');
  expect(code(...Array(frameLimits.lines).fill('{}'))).toBe('ok');
});

test('one bad record does not spoil its frame; what it says of itself is kept for the digest', () => {
  const bad = { ...listenerRecord(1), port: -1 };
  const body = read(JSON.stringify({ kind: 'put', record: bad }), putLine(listenerRecord(2)));
  if (!body.ok) throw new Error(body.error.message);
  expect(body.value.items).toMatchObject([
    { kind: 'refused', cause: 'malformed', id: { kind: 'listener', key: bad.key, live: true } },
    { kind: 'put' },
  ]);
});

test.each([
  ['no record', { kind: 'put' }],
  ['no key', { kind: 'put', record: { kind: 'host' } }],
  ['a key that is too long', { kind: 'put', record: { ...hostRecord(), key: 'x'.repeat(513) } }],
  ['a snapshot mark of a wrong shape', { kind: 'snapshot-begin' }],
])('%s is malformed without an identity', (_name, line) => {
  const body = read(JSON.stringify(line));
  expect(body).toEqual({
    ok: true,
    value: { items: [{ kind: 'refused', cause: 'malformed', id: undefined }], unknownMessages: 0 },
  });
});

test('kinds of a later version are counted: messages apart from records', () => {
  const body = read('{"kind":"hum"}', JSON.stringify({ kind: 'put', record: { kind: 'drone', key: 'd', endedAt: 1 } }));
  expect(body).toMatchObject({
    ok: true,
    value: { unknownMessages: 1, items: [{ kind: 'refused', cause: 'unknown-kind', id: { live: false } }] },
  });
});

test('a record that tries to reach the prototype is only data', () => {
  const line = `{"kind":"put","record":${JSON.stringify(hostRecord()).replace('{', '{"__proto__":{"polluted":1},')}}`;
  expect(read(line).ok).toBe(true);
  expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
});
