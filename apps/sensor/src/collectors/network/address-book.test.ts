import { isInBlock } from '@parapet/core';
import { expect, it } from 'vitest';
import { createAddressBook } from './address-book.ts';
import { container } from './testing/fakes.ts';

const web = container('docker:web', [{ name: 'front', address: '172.18.0.2' }]);
const db = container('docker:db', [
  { name: 'front', address: '172.18.0.3' },
  { name: 'back', address: 'fd00:1::3' },
]);

it('finds containers by address, and the networks they are on', () => {
  const book = createAddressBook(isInBlock);
  book.update([web, db], 0);
  expect(book.find('172.18.0.2')?.containerKey).toBe('docker:web');
  expect(book.find('fd00:1::3')?.networks).toEqual(new Set(['front', 'back']));
  expect(book.networksOf('docker:web')).toEqual(new Set(['front']));
  expect(book.networksOf('docker:absent').size).toBe(0);
});

it('finds the network of an address that no container has', () => {
  const book = createAddressBook(isInBlock);
  book.update([web, db], 0);
  expect(book.networkAt('172.18.0.200', undefined)).toBe('front');
  expect(book.networkAt('fd00:1::99', undefined)).toBe('back');
  expect(book.networkAt('fd00:1::99', new Set(['front']))).toBeUndefined();
  expect(book.networkAt('10.0.0.1', undefined)).toBeUndefined();
});

it('remembers for a while who had an address, and gives it to the next at once', () => {
  const book = createAddressBook(isInBlock);
  book.update([web], 0);
  book.update([], 100_000);
  expect(book.find('172.18.0.2')?.containerKey).toBe('docker:web');
  book.update([container('docker:next', [{ name: 'front', address: '172.18.0.2' }])], 110_000);
  expect(book.find('172.18.0.2')?.containerKey).toBe('docker:next');
  book.update([], 500_000);
  expect(book.find('172.18.0.2')).toBeUndefined();
});

it('knows for a while that a container ended, unless it starts again', () => {
  const book = createAddressBook(isInBlock);
  expect(book.hasEnded('docker:web')).toBe(false);
  book.update([web], 0);
  book.update([], 1000);
  expect([book.hasEnded('docker:web'), book.hasEnded('docker:other')]).toEqual([true, false]);
  book.update([web], 2000);
  expect(book.hasEnded('docker:web')).toBe(false);
  book.update([], 3000);
  book.update([], 400_000);
  expect(book.hasEnded('docker:web')).toBe(false);
});
