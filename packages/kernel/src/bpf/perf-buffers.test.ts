import { expect, test } from 'vitest';
import { mergeByTime, readPerfRing } from './perf-buffers.ts';

const ringBytes = 128;
const padded = (bytes: number): number => (bytes + 7) & ~7;

/** A ring that a test writes as the kernel does. */
const play = () => {
  const positions = new BigUint64Array(2);
  const data = new Uint8Array(ringBytes);
  let lost = 0;
  const ring = readPerfRing({
    ...{ positions, data },
    timeOf: (record) => record[0] ?? 0,
    countLost: (count) => {
      lost += count;
    },
  });
  const write = (kind: number, body: Uint8Array): void => {
    const bytes = padded(8 + body.length);
    const record = Buffer.alloc(bytes);
    record.writeUInt32LE(kind, 0);
    record.writeUInt16LE(bytes, 6);
    record.set(body, 8);
    const at = Number(positions[0] ?? 0n);
    for (const [index, byte] of record.entries()) data[(at + index) % ringBytes] = byte;
    positions[0] = BigInt(at + bytes);
  };
  return {
    ...{ ring, positions, data, write },
    lost: () => lost,
    sample: (record: readonly number[]): void => {
      const body = Buffer.alloc(4 + record.length);
      body.writeUInt32LE(record.length, 0);
      body.set(record, 4);
      write(9, body);
    },
    lose: (count: number): void => {
      const body = Buffer.alloc(16);
      body.writeBigUInt64LE(BigInt(count), 8);
      write(2, body);
    },
  };
};

const readAll = (rings: readonly ReturnType<typeof play>[], until = 255): number[][] => {
  const records: number[][] = [];
  mergeByTime(
    rings.map(({ ring }) => ring),
    until,
    Number.POSITIVE_INFINITY,
    (record) => records.push([...record]),
  );
  return records;
};

test('records are read once, also those that go on at the beginning of the ring', () => {
  const host = play();
  for (let round = 1; round <= 50; round += 1) {
    const record = Array.from({ length: (round % 60) + 1 }, (_, index) => round + index);
    host.sample(record);
    expect(readAll([host])).toEqual([record]);
    expect(readAll([host])).toEqual([]);
  }
  expect(host.positions[1]).toBe(host.positions[0]);
});

test('what full rings could not take is counted, and other kinds are passed over', () => {
  const host = play();
  host.sample([1]);
  host.lose(7);
  host.write(1, new Uint8Array(8));
  host.sample([2]);
  expect(readAll([host])).toEqual([[1], [2]]);
  expect(host.lost()).toBe(7);
});

test('records of several CPUs come in the order of their time, and what is newer waits', () => {
  const hosts = [play(), play(), play()] as const;
  for (const [cpu, at] of [
    [0, 5],
    [1, 1],
    [1, 6],
    [0, 7],
    [2, 9],
    [1, 8],
  ] as const)
    hosts[cpu].sample([at, cpu]);
  expect(readAll(hosts, 7).map(([at]) => at)).toEqual([1, 5, 6, 7]);
  hosts[0].sample([10, 0]);
  expect(readAll(hosts).map(([at]) => at)).toEqual([8, 9, 10]);
});

test('a reader without time leaves the rest', () => {
  const host = play();
  const records: number[] = [];
  const read = (): void => mergeByTime([host.ring], 255, 0, (record) => records.push(record[0] ?? 0));
  for (let at = 1; at <= 6; at += 1) host.sample([at]);
  read();
  expect(records).toEqual([1, 2, 3, 4, 5, 6]);
});

test('a record that its reader chokes on does not come again', () => {
  const host = play();
  host.sample([1]);
  host.sample([2]);
  const choke = (): void =>
    mergeByTime([host.ring], 255, Number.POSITIVE_INFINITY, () => {
      throw new Error('choked');
    });
  expect(choke).toThrow('choked');
  expect(readAll([host])).toEqual([[2]]);
});

test('a ring that nobody could have written so is left, not read for ever', () => {
  const host = play();
  host.sample([1]);
  host.data.fill(0);
  expect(readAll([host])).toEqual([]);
  host.sample([3]);
  expect(readAll([host])).toEqual([[3]]);
});
