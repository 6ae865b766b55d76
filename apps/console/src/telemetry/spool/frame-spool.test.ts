import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFrame } from '@parapet/contract/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FrameSpool, openFrameSpool, readSegment, type SpooledFrame } from './frame-spool.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-frames-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const hosts = ['0b5f7c56-5a4e-4a63-9c0a-0a61b7ad8f11', '5d0e9b55-9c1f-45a1-8a3f-3f1d3a5b6c22'] as const;

const frame = (hostId: string, seq: number): SpooledFrame => ({
  hostId,
  receivedAtMs: 1_800_000_000_000 + seq,
  skewMs: -250,
  data: encodeFrame({ channel: 'telemetry', epoch: 7, seq, body: Buffer.from(`line ${seq}`) }),
});

/** Segments are cut by hand: nothing depends on when a timer runs. */
const open = (segmentBytes = 1 << 20): Promise<FrameSpool> =>
  openFrameSpool({ folder, storedUpTo: 0, segmentBytes, segmentAgeMs: 3_600_000 });

const stored = (spool: FrameSpool): SpooledFrame[] => spool.sealed().flatMap(({ path }) => [...readSegment(path)]);

describe('the frame spool', () => {
  it('keeps frames of all hosts as they came, in order', async () => {
    const spool = await open();
    const frames = Array.from({ length: 40 }, (_, index) => frame(hosts[index % 2] ?? '', index + 1));
    await Promise.all(frames.map((each) => spool.append(each)));
    await spool.cut();
    expect(stored(spool)).toEqual(frames);
    await spool.close();
  });

  it('seals a segment that is large enough and says so', async () => {
    const spool = await open(500);
    let told = 0;
    spool.onSealed(() => {
      told += 1;
    });
    for (let seq = 1; seq <= 20; seq += 1) await spool.append(frame(hosts[0], seq));
    expect(told).toBeGreaterThan(2);
    expect(spool.sealed().length).toBe(told);
    await spool.close();
  });

  it('has after a crash everything that was acknowledged, and knows where each host stands', async () => {
    const spool = await open(800);
    for (let seq = 1; seq <= 20; seq += 1) await spool.append(frame(hosts[seq % 2] ?? '', seq));
    // As after a kill: nothing is closed, and the next record was only begun.
    const name = readdirSync(folder).find((each) => each.endsWith('.open'));
    if (name !== undefined) await spool.append(frame(hosts[0], 21)).then(() => truncateSync(join(folder, name), 20));
    const again = await open();
    const kept = stored(again).map(({ data }) => data);
    expect(kept.length).toBeGreaterThanOrEqual(name === undefined ? 20 : 14);
    expect(again.recovered().get(hosts[1])?.epoch).toBe(7);
    await again.append(frame(hosts[0], 99));
    await again.cut();
    expect(stored(again).at(-1)?.data).toEqual(frame(hosts[0], 99).data);
    await again.close();
  });

  it('forgets what was stored elsewhere', async () => {
    const spool = await open();
    await spool.append(frame(hosts[0], 1));
    await spool.cut();
    for (const segment of [...spool.sealed()]) spool.remove(segment);
    expect(spool.bytes()).toBe(0);
    await spool.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('does not take again what was stored, and never uses its numbers again', async () => {
    const spool = await open();
    for (let seq = 1; seq <= 3; seq += 1) {
      await spool.append(frame(hosts[0], seq));
      await spool.cut();
    }
    await spool.close();
    const again = await openFrameSpool({ folder, storedUpTo: 2, segmentAgeMs: 3_600_000 });
    expect(stored(again)).toEqual([frame(hosts[0], 3)]);
    for (const segment of [...again.sealed()]) again.remove(segment);
    await again.close();
    const later = await openFrameSpool({ folder, storedUpTo: 3, segmentAgeMs: 3_600_000 });
    await later.append(frame(hosts[0], 4));
    await later.cut();
    expect(later.sealed().map(({ number }) => number)).toEqual([4]);
    await later.close();
  });

  it('says when the disk refuses, and takes frames again later', async () => {
    const spool = await open();
    rmSync(folder, { recursive: true });
    await expect(spool.append(frame(hosts[0], 1))).rejects.toThrow('ENOENT');
    const again = await openFrameSpool({ folder, storedUpTo: 0 });
    await again.close();
    await spool.append(frame(hosts[0], 2));
    await spool.cut();
    expect(stored(spool)).toEqual([frame(hosts[0], 2)]);
    await spool.close();
  });
});
