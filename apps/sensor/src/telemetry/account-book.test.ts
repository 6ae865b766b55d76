import { expect, it } from 'vitest';
import { createAccountBook } from './account-book.ts';

it('says what became of everything produced since the start', () => {
  const book = createAccountBook('activity', 1000);
  book.told(7);
  book.unwanted(2);
  book.lost({ stage: 'kernel', cause: 'ring full', count: 1 });
  book.lost({ stage: 'kernel', cause: 'ring full', count: 2 });
  const first = book.close(12, 6000);
  expect(first).toEqual({
    kind: 'account',
    collector: 'activity',
    since: 1000,
    to: 6000,
    produced: 12,
    told: 7,
    lost: [{ stage: 'kernel', cause: 'ring full', count: 3 }],
    unwanted: 2,
  });
  book.told(1);
  book.lost({ stage: 'kernel', cause: 'ring full', count: 1 });
  expect(book.close(14, 7000)).toMatchObject({ since: 1000, to: 7000, produced: 14, told: 8, lost: [{ count: 4 }] });
  expect(first?.lost).toEqual([{ stage: 'kernel', cause: 'ring full', count: 3 }]);
});

it('counts as lost what nobody can explain, once', () => {
  const book = createAccountBook('activity', 0);
  book.told(3);
  expect(book.close(5, 10)?.lost).toEqual([{ stage: 'reader', cause: 'unexplained', count: 2 }]);
  book.told(1);
  expect(book.close(6, 20)?.lost).toEqual([{ stage: 'reader', cause: 'unexplained', count: 2 }]);
});

it('says first that it watches, and then nothing when nothing changed', () => {
  const book = createAccountBook('logins', 0);
  expect(book.close(0, 10)).toMatchObject({ collector: 'logins', since: 0, to: 10, produced: 0, lost: [] });
  expect(book.close(0, 15)).toBeUndefined();
  book.told(1);
  expect(book.close(1, 20)).toBeDefined();
  expect(book.close(1, 30)).toBeUndefined();
});

it('keeps the sum right however many causes there are', () => {
  const book = createAccountBook('activity', 0);
  for (let cause = 0; cause < 500; cause += 1) book.lost({ stage: 'queue', cause: `cause ${cause}`, count: 1 });
  const lost = book.close(500, 10)?.lost ?? [];
  expect(lost.length).toBeLessThanOrEqual(64);
  expect(lost.reduce((sum, { count }) => sum + count, 0)).toBe(500);
});

it('goes on when the clock goes back', () => {
  const book = createAccountBook('activity', 1000);
  book.told(1);
  expect(book.close(1, 500)).toMatchObject({ since: 1000, to: 1000 });
});
