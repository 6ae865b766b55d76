import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boltDatabase } from '../../testing/bolt.ts';
import { parsePage, uvarintOf } from './format.ts';
import { askBolt } from './open-bolt.ts';

const many = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`key-${index}`, `value-${index}`]));
const database = boltDatabase({
  v1: { one: { images: { a: { digest: 'sha256:a' } } }, two: { images: {} } },
  many: { ...many, folder: { x: '1' }, deeper: { y: { z: '2' } } },
  large: { value: Buffer.alloc(20_000, 'x') },
});

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-bolt-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (content: Buffer): string => {
  const path = join(folder, 'sample.db');
  writeFileSync(path, content);
  return path;
};

describe('a bolt database', () => {
  it('gives values and buckets, small and large', async () => {
    const asked = await askBolt(fileOf(database), async (root) => {
      const bucket = await root.bucket('many');
      const digest = await (
        await (await (await (await root.bucket('v1'))?.bucket('one'))?.bucket('images'))?.bucket('a')
      )?.get('digest');
      return {
        names: await (await root.bucket('v1'))?.bucketNames(),
        digest: digest?.toString(),
        first: (await bucket?.get('key-0'))?.toString(),
        last: (await bucket?.get('key-299'))?.toString(),
        inner: (await (await (await bucket?.bucket('deeper'))?.bucket('y'))?.get('z'))?.toString(),
        buckets: await bucket?.bucketNames(),
        large: (await (await root.bucket('large'))?.get('value'))?.length,
        absent: await bucket?.get('no-such'),
        noBucket: await bucket?.bucket('key-1'),
        noValue: await bucket?.get('folder'),
      };
    });
    expect(asked).toEqual({
      ok: true,
      value: {
        names: ['one', 'two'],
        digest: 'sha256:a',
        first: 'value-0',
        last: 'value-299',
        inner: '2',
        buckets: ['deeper', 'folder'],
        large: 20_000,
        absent: undefined,
        noBucket: undefined,
        noValue: undefined,
      },
    });
  });

  it('is asked again when it changed meanwhile, and given up when it never rests', async () => {
    const path = fileOf(database);
    let times = 0;
    const asked = await askBolt(path, async () => {
      times += 1;
      // The header of a later transaction, as its owner would have written it.
      if (times === 1) writeFileSync(path, Buffer.concat([laterMeta(9), database.subarray(4096)]));
      return times;
    });
    expect(asked).toEqual({ ok: true, value: 2 });
  });

  it('that is broken is a failure, wherever it is', async () => {
    for (let at = 0; at < database.length; at += 4001) {
      const flipped = Buffer.from(database);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      for (const content of [flipped, database.subarray(0, at)])
        await askBolt(fileOf(content), async (root) => (await root.bucket('many'))?.bucketNames());
    }
    expect(await askBolt(fileOf(Buffer.alloc(9000)), async () => 1)).toMatchObject({
      error: { code: 'broken-database' },
    });
    expect(await askBolt(join(folder, 'none'), async () => 1)).toMatchObject({ error: { code: 'not-found' } });
  });

  it('of pages that lead in a circle has an end', async () => {
    const circle = Buffer.from(boltDatabase({ a: many }, 8));
    for (let at = 2 * 4096; at < circle.length; at += 4096) {
      if (circle.readUInt16LE(at + 8) !== 1) continue;
      for (let index = 0; index < circle.readUInt16LE(at + 10); index += 1)
        circle.writeBigUInt64LE(BigInt(at / 4096), at + 16 + index * 16 + 8);
    }
    const asked = await askBolt(fileOf(circle), async (root) => (await root.bucket('a'))?.bucketNames());
    expect(asked).toMatchObject({ ok: false });
  });
});

const laterMeta = (transaction: number): Buffer => {
  const whole = boltDatabase({});
  const page = Buffer.from(whole.subarray(4096, 8192));
  page.writeBigUInt64LE(BigInt(transaction), 16 + 48);
  let hash = 0xcbf29ce484222325n;
  for (const byte of page.subarray(16, 72)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  page.writeBigUInt64LE(hash, 72);
  return page;
};

describe('the format', () => {
  it('outlives whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(1, 2, 4), (bytes, flags) => {
        const page = Buffer.concat([Buffer.alloc(16), Buffer.from(bytes)]);
        page.writeUInt16LE(flags, 8);
        page.writeUInt16LE(bytes[0] ?? 0, 10);
        parsePage(page);
        uvarintOf(Buffer.from(bytes));
      }),
      { numRuns: 300, seed: 4 },
    );
  });

  it('reads numbers as Go writes them', () => {
    expect(uvarintOf(Buffer.from([0xac, 0x02]))).toBe(300n);
    expect(uvarintOf(Buffer.from([7]))).toBe(7n);
    expect(uvarintOf(Buffer.from([0x80]))).toBeUndefined();
    expect(uvarintOf(undefined)).toBeUndefined();
  });
});
