import type { HuntEvent } from '@parapet/contract/api';
import { expect, test } from 'vitest';
import { findNewest } from './newest-first.ts';

type Place = { readonly at: number; readonly host: string; readonly sequence: number };

const eventOf = ({ at, host, sequence }: Place): HuntEvent =>
  ({ '@timestamp': at, 'host.id': host, 'event.sequence': sequence }) as HuntEvent;
const byPlace = (a: Place, b: Place): number =>
  b.at - a.at || (a.host < b.host ? 1 : a.host > b.host ? -1 : 0) || b.sequence - a.sequence;

/** Twenty files of five events; those of file `n` lie at `n` times `apart` and after it. */
const store = (apart: number) => {
  const files = Array.from({ length: 20 }, (_, file) =>
    Array.from({ length: 5 }, (_, index) => ({
      at: file * apart + index,
      host: `h${(file * 7 + index) % 3}`,
      sequence: file * 100 + index,
    })),
  );
  const dated = files
    .map((events, file) => ({ path: String(file), lastAt: Math.max(...events.map(({ at }) => at)) }))
    .sort((a, b) => b.lastAt - a.lastAt);
  const read: string[] = [];
  const find = (limit: number) => async (paths: readonly string[]) => {
    read.push(...paths);
    const all = paths.flatMap((path) => files[Number(path)] ?? []);
    return all.sort(byPlace).slice(0, limit).map(eventOf);
  };
  return { dated, read, find, all: files.flat().sort(byPlace) };
};

test.each([
  ['of files behind each other', 10],
  ['of files that overlap', 2],
  ['of files of one time', 0],
])('the newest events %s are those of all files', async (_, apart) => {
  for (const limit of [1, 7, 40, 41, 100, 500]) {
    const { dated, find, all } = store(apart);
    const found = await findNewest(dated, limit, find(limit));
    expect(found).toEqual(all.slice(0, limit).map(eventOf));
  }
});

test('files that the page does not reach are not read', async () => {
  const { dated, read, find } = store(10);
  await findNewest(dated, 20, find(20));
  expect(read).toEqual(['19', '18', '17', '16', '15', '14', '13', '12']);
});

test('an older file whose last event is of the same moment is read', async () => {
  const { dated, read, find } = store(10);
  const moved = dated.map((file, place) => (place === 8 ? { ...file, lastAt: 120 } : file));
  await findNewest(moved, 40, find(40));
  expect(read).toHaveLength(20);
});

test('of no files there is nothing', async () => {
  expect(await findNewest([], 10, async () => [])).toEqual([]);
});
