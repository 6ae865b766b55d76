import { type InventoryRecord, ListenerRecord } from '@parapet/contract/wire';
import { expect, it } from 'vitest';
import { createListenerBook, type ListenerSighting } from './listener-book.ts';

const sighting = (overrides: Partial<ListenerSighting> = {}): ListenerSighting => ({
  containerKey: undefined,
  process: { key: '7:1' },
  executable: '/bin/web',
  protocol: 'tcp',
  address: '::',
  port: 80,
  ...overrides,
});

const createBook = (limit?: number) => {
  const puts: InventoryRecord[] = [];
  const lost: string[] = [];
  const book = createListenerBook({
    inventory: { put: (record) => puts.push(record) },
    lose: (cause, count) => lost.push(...Array.from({ length: count }, () => cause)),
    ...(limit === undefined ? {} : { limit }),
  });
  return { book, puts, lost };
};

it('tells a listener once, and its end when a look no longer finds it', () => {
  const { book, puts } = createBook();
  for (const now of [1, 2, 3]) {
    book.see(sighting(), now);
    book.finishLook(now);
  }
  expect(puts).toHaveLength(1);
  expect(ListenerRecord.parse(puts[0])).toMatchObject({ key: 'host|tcp|::|80', startedAt: 1, executable: '/bin/web' });
  book.finishLook(4);
  expect(puts.at(-1)).toMatchObject({ key: 'host|tcp|::|80', startedAt: 1, endedAt: 4 });
});

it('lets the first of several sockets on one address stand for all', () => {
  const { book, puts } = createBook();
  book.see(sighting(), 1);
  book.see(sighting({ process: { key: '8:1' } }), 1);
  expect(puts).toHaveLength(1);
});

it('tells when another process took over', () => {
  const { book, puts } = createBook();
  book.see(sighting(), 1);
  book.finishLook(1);
  book.see(sighting({ process: { key: '9:5' } }), 2);
  expect(puts.at(-1)).toMatchObject({ processKey: '9:5', startedAt: 1 });
});

it('counts each one that finds no place once', () => {
  const { book, puts, lost } = createBook(1);
  for (const now of [1, 2]) {
    for (const port of [80, 81, 82]) book.see(sighting({ port }), now);
    book.finishLook(now);
  }
  expect(puts).toHaveLength(1);
  expect(lost).toEqual(['too-many-listeners', 'too-many-listeners']);
});
