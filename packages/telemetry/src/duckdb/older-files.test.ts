import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseHunt } from '../language/parse.ts';
import { openEngine } from './engine.ts';
import { createFilledColumns } from './filled-columns.ts';
import { countOverTime, exportEvents, findEvents, topValues } from './search.ts';

it('finds events in files of a version that knew fewer fields', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'parapet-older-'));
  const engine = await openEngine({ memoryMegabytes: 256, threads: 1, folder });
  try {
    const path = join(folder, 'old.parquet');
    await engine.run(
      `copy (select 1800000000000000::bigint as "@timestamp", 'exec' as "event.action", 'h' as "host.id", 1::bigint as "event.sequence") to '${path}' (format parquet)`,
    );
    const hunt = parseHunt('event.action = exec and not parapet.login.service exists');
    if (!hunt.ok) throw new Error(hunt.error.message);
    const filledIn = createFilledColumns(engine);
    const scope = { files: [path], from: 0, to: 2_000_000_000_000_000, hunt: hunt.value };
    expect(await findEvents(engine, filledIn, scope, { limit: 10 })).toMatchObject([
      { 'event.action': 'exec', 'host.id': 'h' },
    ]);
    expect(await countOverTime(engine, scope, { stepUs: 1_000_000 })).toMatchObject([{ count: 1 }]);
    expect(await topValues(engine, scope, 'user.name', 5)).toEqual([]);
    expect(await exportEvents(engine, scope, { path: join(folder, 'out.parquet'), limit: 5 })).toBe(1);

    // Beside a file that has one of the fields, whichever comes first, and in another order.
    const newer = join(folder, 'new.parquet');
    await engine.run(
      `copy (select 'h' as "host.id", 2::bigint as "event.sequence", 'root' as "user.name", 1800000001000000::bigint as "@timestamp", 'exec' as "event.action") to '${newer}' (format parquet)`,
    );
    for (const files of [
      [path, newer],
      [newer, path],
    ]) {
      const both = { ...scope, files };
      expect(await findEvents(engine, filledIn, both, { limit: 10 })).toMatchObject([
        { 'event.sequence': 2, 'user.name': 'root' },
        { 'event.sequence': 1 },
      ]);
      expect(await topValues(engine, both, 'user.name', 5)).toEqual([{ value: 'root', count: 1 }]);
      expect(await countOverTime(engine, both, { stepUs: 1_000_000_000_000 })).toMatchObject([{ count: 2 }]);
      expect(await exportEvents(engine, both, { path: join(folder, 'out.parquet'), limit: 5 })).toBe(2);
      const nobody = parseHunt('not user.name exists');
      if (!nobody.ok) throw new Error(nobody.error.message);
      expect(await findEvents(engine, filledIn, { ...both, hunt: nobody.value }, { limit: 10 })).toMatchObject([
        { 'event.sequence': 1 },
      ]);
    }
  } finally {
    engine.closeSync();
    rmSync(folder, { recursive: true, force: true });
  }
});
