import { expect, test } from 'vitest';
import { type StoredLife, settleLife, type ToldLife } from './lives.ts';

const told = (toldStart: number, part: Partial<ToldLife> = {}): ToldLife => ({
  toldStart,
  startInferred: false,
  startedAt: toldStart,
  endedAt: undefined,
  endInferred: false,
  ...part,
});

/** A table of the lives of one asset that changes as `settleLife` says. */
const createTable = (rows: readonly Partial<StoredLife>[] = []) => {
  let lives: StoredLife[] = rows.map((row, index) => ({ ...told(row.toldStart ?? 0), ...row, id: index + 1 }));
  const tell = (life: ToldLife): number => {
    const changes = settleLife(lives, life);
    for (const change of changes) {
      if (change.kind === 'begin') lives.push({ ...change.life, id: lives.length + 1 });
      else if (change.kind === 'correct') lives = lives.map((row) => (row.id === change.life.id ? change.life : row));
      else {
        const { id, endedAt } = change;
        lives = lives.map((row) => (row.id === id ? { ...row, endedAt, endInferred: true } : row));
      }
    }
    return changes.length;
  };
  const spans = () =>
    lives
      .toSorted((a, b) => a.startedAt - b.startedAt || a.id - b.id)
      .map(({ startedAt, endedAt }) => [startedAt, endedAt]);
  return { tell, spans, lives: () => lives };
};

const expectApart = (lives: readonly StoredLife[]): void => {
  expect(lives.filter(({ endedAt }) => endedAt === undefined).length).toBeLessThanOrEqual(1);
  const sorted = lives.toSorted((a, b) => a.startedAt - b.startedAt || a.id - b.id);
  for (const [index, life] of sorted.entries()) {
    expect(life.endedAt ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(life.startedAt);
    const next = sorted[index + 1];
    if (next !== undefined) expect(life.endedAt).toBeLessThanOrEqual(next.startedAt);
  }
};

test('ten restarts within a second are ten lives, however they are told', () => {
  const starts = Array.from({ length: 10 }, (_, index) => 1000 + index * 100);
  const whole = starts.map((start) => told(start, { endedAt: start + 60 }));
  for (const line of [whole, starts.flatMap((start) => [told(start), told(start, { endedAt: start + 60 })])]) {
    const table = createTable();
    for (const life of line) table.tell(life);
    expect(table.spans()).toEqual(starts.map((start) => [start, start + 60]));
    for (const life of whole) expect(table.tell(life)).toBe(0);
  }
});

test('a start whose end nobody told ends the life before it, and its end may still come', () => {
  const table = createTable();
  table.tell(told(1000));
  table.tell(told(1400));
  expect(table.lives()).toMatchObject([{ endedAt: 1400, endInferred: true }, { endedAt: undefined }]);
  table.tell(told(1000, { endedAt: 1200 }));
  expect(table.lives()).toMatchObject([{ endedAt: 1200, endInferred: false }, { endedAt: undefined }]);
  table.tell(told(1000, { endedAt: 9000 }));
  expect(table.spans()).toEqual([
    [1000, 1400],
    [1400, undefined],
  ]);
});

test('another reading of the clock does not make another life', () => {
  const table = createTable();
  table.tell(told(1000, { startedAt: 1000 }));
  expect(table.tell(told(1000, { startedAt: 3_601_000 }))).toBe(0);
  table.tell(told(1000, { startedAt: 3_601_000, endedAt: 3_602_000 }));
  expect(table.spans()).toEqual([[1000, 3_602_000]]);
});

test('lives told after a clock was set back do not reach into those before', () => {
  const table = createTable();
  table.tell(told(5000, { endedAt: 9000 }));
  table.tell(told(2000, { endedAt: 6000 }));
  table.tell(told(1000));
  expectApart(table.lives());
  expect(table.lives()).toHaveLength(3);
  expect(table.lives().find(({ toldStart }) => toldStart === 1000)).toMatchObject({ startedAt: 9000 });
});

test('a life whose end was only concluded goes on when it is told again, unless another followed', () => {
  const table = createTable([{ toldStart: 1000, startedAt: 1000, endedAt: 5000, endInferred: true }]);
  table.tell(told(1000));
  expect(table.lives()).toMatchObject([{ endedAt: undefined, endInferred: false }]);
  table.tell(told(7000));
  expect(table.tell(told(1000))).toBe(0);
  expect(table.spans()).toEqual([
    [1000, 7000],
    [7000, undefined],
  ]);
});

test('a start that was only concluded is another word for the life that lasts', () => {
  const table = createTable();
  table.tell(told(1300, { startInferred: true }));
  table.tell(told(1000));
  expect(table.lives()).toMatchObject([{ toldStart: 1000, startInferred: false, startedAt: 1300 }]);
  expect(table.tell(told(60_000, { startInferred: true }))).toBe(0);
  table.tell(told(1000, { endedAt: 90_000 }));
  expect(table.tell(told(60_000, { startInferred: true, endedAt: 90_000 }))).toBe(0);
  table.tell(told(200_000, { startInferred: true }));
  // Another run of the sensor reads the clock a little differently, or sees the container that began again.
  table.tell(told(200_004, { startInferred: true }));
  expect(table.lives()).toHaveLength(2);
  table.tell(told(300_000, { startInferred: true }));
  expect(table.lives()).toHaveLength(3);
});

test('a life of before starts were stored is found by its time', () => {
  const table = createTable([{ toldStart: undefined, startedAt: 1000 }]);
  table.tell(told(3000));
  expect(table.lives()).toMatchObject([{ toldStart: 3000, startedAt: 1000 }]);
  table.tell(told(3000, { endedAt: 4000 }));
  expect(table.spans()).toEqual([[1000, 4000]]);
});

test('whatever is told in whatever order, each start is one life and none overlaps another', () => {
  let state = 7;
  const next = (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state % below;
  };
  for (let round = 0; round < 300; round += 1) {
    const table = createTable();
    const starts = new Set<number>();
    for (let step = 0; step < 25; step += 1) {
      const toldStart = next(12) * 100;
      const startedAt = Math.max(0, toldStart + (next(5) - 2) * 150);
      const endedAt = next(2) === 0 ? undefined : startedAt + next(400);
      starts.add(toldStart);
      table.tell(told(toldStart, { startedAt, endedAt }));
      expectApart(table.lives());
    }
    expect(new Set(table.lives().map(({ toldStart }) => toldStart))).toEqual(starts);
    expect(table.lives()).toHaveLength(starts.size);
  }
});
