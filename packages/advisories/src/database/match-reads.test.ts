import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { createMatchSource } from './match-reads.ts';
import { createStatements } from './schema.ts';
import { encodeRanges } from './stored.ts';

const said = encodeRanges({
  ranges: [{ events: [{ kind: 'introduced', version: '0' }] }],
  versions: [],
  notes: [],
});
const head = JSON.stringify({ vulnerabilities: [], aliases: [], summary: '', cvss: [], exploits: [] });

const open = (advisories: number): DatabaseSync => {
  const database = new DatabaseSync(':memory:');
  for (const statement of createStatements) database.exec(statement);
  const advisory = database.prepare('INSERT INTO advisory VALUES (?, ?, ?, ?)');
  for (let number = 1; number <= advisories; number += 1) advisory.run(number, `A-${number}`, head, '{}');
  return database;
};

const sourceOf = (database: DatabaseSync) =>
  createMatchSource(database, [{ name: 'Debian:12', n: 1 }], () => undefined);

it('reads the entries of many names, each name’s own in their order', () => {
  using database = open(3);
  const insert = database.prepare('INSERT INTO entry VALUES (?, ?, ?, 0, ?, NULL)');
  insert.run(1, 'a', 2, said);
  insert.run(1, 'a', 1, said);
  insert.run(1, 'it"s\\', 3, said);
  insert.run(2, 'a', 3, said);
  const entries = sourceOf(database).entries('Debian:12', new Set(['it"s\\', 'a', 'b', "'; --", '\0', '[', 'a\ud800']));
  expect([...entries.keys()].sort()).toEqual(['a', 'it"s\\']);
  expect(entries.get('a')?.map(({ advisory }) => advisory)).toEqual([1, 2]);
  expect(sourceOf(database).entries('Debian:11', ['a']).size).toBe(0);
});

it('knows every advisory that is asked for, also when it held as many as it may', () => {
  using database = open(12_000);
  const source = sourceOf(database);
  for (let start = 1; start < 12_000; start += 1500) {
    const numbers = Array.from({ length: 1500 }, (_, index) => start + index);
    const found = source.advisories(numbers);
    expect(numbers.filter((number) => found.get(number)?.id !== `A-${number}`)).toEqual([]);
    expect(found.size).toBeLessThanOrEqual(5000);
  }
  const all = Array.from({ length: 12_000 }, (_, index) => index + 1);
  const found = source.advisories(all);
  expect(all.filter((number) => !found.has(number))).toEqual([]);
  expect(source.advisories([1]).get(1)?.id).toBe('A-1');
  expect(source.advisories([99_999]).get(99_999)).toBeUndefined();
});
