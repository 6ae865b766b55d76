import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeFrame, type Position } from '@parapet/contract/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSpool, type Spool, type SpoolLoss, type SpoolOptions } from './spool.ts';

let folder: string;
let losses: SpoolLoss[];
let nowMs: number;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-spool-'));
  losses = [];
  nowMs = 1_800_000_000_000;
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = (limits: Partial<SpoolOptions['limits']> = {}, at = folder): Spool =>
  openSpool({
    folder: at,
    clock: { now: () => nowMs },
    limits: { bytes: 1 << 20, ageMs: 3_600_000, segmentBytes: 2000, ...limits },
    onLost: (loss) => losses.push(loss),
  });

/** Text that does not shrink, so that sizes can be counted on. */
const noise = (seed: number): string =>
  Array.from({ length: 40 }, (_, index) => ((seed * 7919 + index * 104_729) % 1_000_003).toString(36)).join('');

const append = (spool: Spool, number: number, events = 1): void =>
  spool.append({ body: Buffer.from(`${number} ${noise(number)}`), events, firstAtMs: nowMs, lastAtMs: nowMs });

type Sent = { readonly number: number; readonly position: Position };

const takeAll = (spool: Spool): Sent[] => {
  const sent: Sent[] = [];
  for (let data = spool.next(); data !== undefined; data = spool.next()) {
    const frame = decodeFrame(data);
    if (!frame.ok) throw new Error(frame.error.message);
    sent.push({
      number: Number(frame.value.body.toString().split(' ')[0]),
      position: { epoch: frame.value.epoch, seq: frame.value.seq },
    });
  }
  return sent;
};
const numbersOf = (sent: readonly Sent[]): number[] => sent.map(({ number }) => number);
const lostEvents = (): number => losses.reduce((sum, { events }) => sum + events, 0);
const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index);
const none: Position = { epoch: 0, seq: 0 };

describe('a spool', () => {
  it('hands out what was appended in order, over many segments, each frame once', () => {
    const spool = open();
    for (const number of range(1, 30)) append(spool, number);
    spool.resume(none);
    const sent = takeAll(spool);
    expect(numbersOf(sent)).toEqual(range(1, 30));
    expect(sent.map(({ position }) => position.seq)).toEqual(range(1, 30));
    append(spool, 31);
    expect(numbersOf(takeAll(spool))).toEqual([31]);
    expect(readdirSync(folder).length).toBeGreaterThan(3);
  });

  it('hands out again what was not acknowledged, and forgets what was', () => {
    const spool = open();
    for (const number of range(1, 30)) append(spool, number);
    spool.resume(none);
    const { position } = takeAll(spool)[19] ?? { position: none };
    const before = spool.figures();
    spool.acknowledge(position);
    expect(spool.figures().bytes).toBeLessThan(before.bytes);
    spool.resume(position);
    expect(numbersOf(takeAll(spool))).toEqual(range(21, 30));
    expect(losses).toEqual([]);
  });

  it('goes on after a stop, with the same numbers', async () => {
    const first = open();
    for (const number of range(1, 10)) append(first, number);
    first.resume(none);
    const sent = takeAll(first);
    await first.close();
    const second = open();
    append(second, 11);
    second.resume(none);
    const again = takeAll(second);
    expect(again.slice(0, 10)).toEqual(sent);
    expect(again[10]).toEqual({ number: 11, position: { epoch: sent[0]?.position.epoch, seq: 11 } });
  });

  it('keeps every whole frame wherever a crash tore the file, and goes on behind them', () => {
    const spool = open({ segmentBytes: 1 << 20 });
    for (const number of range(1, 4)) append(spool, number);
    const [name = ''] = readdirSync(folder);
    const whole = readFileSync(join(folder, name));
    let kept = 0;
    for (const length of [...range(0, whole.length).filter((at) => at % 11 === 0), whole.length]) {
      const copy = mkdtempSync(join(tmpdir(), 'parapet-torn-'));
      writeFileSync(join(copy, name), whole.subarray(0, length));
      const torn = open({}, copy);
      append(torn, 99);
      torn.resume(none);
      const numbers = numbersOf(takeAll(torn));
      expect(numbers).toEqual([...range(1, numbers.length - 1), 99]);
      expect(numbers.length - 1).toBeGreaterThanOrEqual(kept);
      kept = numbers.length - 1;
      rmSync(copy, { recursive: true });
    }
    expect(kept).toBe(4);
  });

  it('lets the oldest go when it is full, counts what was in them, and leaves a gap in the numbers', () => {
    const spool = open({ bytes: 6000 });
    for (const number of range(1, 60)) append(spool, number, 10);
    expect(spool.figures().bytes).toBeLessThanOrEqual(6000 + 2000);
    spool.resume(none);
    const sent = takeAll(spool);
    expect(numbersOf(sent)).toEqual(range(61 - sent.length, 60));
    expect(lostEvents()).toBe((60 - sent.length) * 10);
    expect(losses[0]?.cause).toBe('spool full');
    expect(sent[0]?.position.seq).toBe(61 - sent.length);
  });

  it('does not count as lost what the console has', () => {
    const spool = open({ bytes: 6000 });
    for (const number of range(1, 10)) append(spool, number);
    spool.resume(none);
    spool.acknowledge(takeAll(spool).at(-1)?.position ?? none);
    for (const number of range(11, 20)) append(spool, number);
    expect(losses).toEqual([]);
  });

  it('lets go of what is too old', () => {
    const spool = open({ ageMs: 1000 });
    for (const number of range(1, 20)) append(spool, number);
    nowMs += 5000;
    append(spool, 21);
    spool.resume(none);
    const numbers = numbersOf(takeAll(spool));
    expect(numbers.at(-1)).toBe(21);
    expect(lostEvents()).toBe(21 - numbers.length);
    expect(losses[0]).toMatchObject({ cause: 'spool too old', firstAtMs: nowMs - 5000 });
  });

  it('begins a new epoch when the console knows later numbers, and keeps what it wrote meanwhile', () => {
    const spool = open();
    for (const number of range(1, 20)) append(spool, number);
    const stored = { epoch: Math.floor(nowMs / 1000) + 500, seq: 7 };
    spool.resume(stored);
    const sent = takeAll(spool);
    expect(numbersOf(sent)).toEqual(range(1, 20));
    expect(sent.every(({ position }) => position.epoch > stored.epoch)).toBe(true);
    append(spool, 21);
    expect(numbersOf(takeAll(spool))).toEqual([21]);
  });

  it('counts what cannot be read of a damaged segment, and goes on with the next', async () => {
    const spool = open();
    for (const number of range(1, 20)) append(spool, number);
    await spool.close();
    const first = readdirSync(folder).sort((a, b) => Number(a.split('-')[1]) - Number(b.split('-')[1]))[0] ?? '';
    const bytes = readFileSync(join(folder, first));
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 0xff;
    writeFileSync(join(folder, first), bytes);
    const again = open();
    again.resume(none);
    const numbers = numbersOf(takeAll(again));
    expect(numbers.length + lostEvents()).toBe(20);
    expect(lostEvents()).toBeGreaterThan(0);
    expect(losses[0]?.cause).toBe('spool damaged');
    expect(numbers.at(-1)).toBe(20);
  });

  it('counts a sealed segment that a power cut left shorter than its name says', async () => {
    const spool = open();
    for (const number of range(1, 10)) append(spool, number);
    await spool.close();
    for (const name of readdirSync(folder)) truncateSync(join(folder, name), 20);
    const again = open();
    again.resume(none);
    expect(takeAll(again)).toEqual([]);
    expect(lostEvents()).toBe(10);
  });

  it('counts what the disk refuses, and what was on a disk that is gone', () => {
    const spool = open();
    append(spool, 1);
    rmSync(folder, { recursive: true });
    // The open segment still takes bytes; a new one cannot be made where there is no folder.
    for (const number of range(2, 20)) append(spool, number);
    expect(losses.at(-1)?.cause).toBe('disk refused');
    spool.resume(none);
    expect(takeAll(spool)).toEqual([]);
    expect(lostEvents()).toBe(20);
  });

  it('leaves other files alone', () => {
    writeFileSync(join(folder, 'notes.txt'), 'mine');
    copyFileSync(join(folder, 'notes.txt'), join(folder, '1-2.sealed'));
    open().resume(none);
    expect(readFileSync(join(folder, 'notes.txt'), 'utf8')).toBe('mine');
    expect(readdirSync(folder)).toContain('1-2.sealed');
  });

  it('syncs while it is being written, sealed and closed', async () => {
    const spool = open();
    append(spool, 1);
    const syncing = spool.sync();
    for (const number of range(2, 20)) append(spool, number);
    await Promise.all([syncing, spool.sync(), spool.close()]);
    const again = open();
    again.resume(none);
    expect(numbersOf(takeAll(again))).toEqual(range(1, 20));
  });
});
