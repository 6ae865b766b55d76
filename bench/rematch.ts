import { readFileSync } from 'node:fs';
import type { Package } from '@parapet/contract';
import { sql } from 'kysely';
import type { Database } from '../apps/console/src/database/database.ts';
import { rematchAll } from '../apps/console/src/feeds/rematch.ts';
import { createMatchMemory } from '../apps/console/src/findings/match-memory.ts';
import { createFakeContent } from '../apps/console/src/findings/testing/fake-advisories.ts';
import { anSbom, aPackage, createInventory } from '../apps/console/src/findings/testing/inventory.ts';
import { silentLog } from '../apps/console/src/logging/log.ts';
import { createSbomReceiver } from '../apps/console/src/sboms/receive-sbom.ts';
import { createTestDatabase } from '../apps/console/src/testing/test-database.ts';
import { databaseCpuMs } from './api-scale/cpu.ts';

const hosts = 300;
const packagesEach = 400;
const vulnerabilities = 100;

/**
 * What a new feed costs for each stored package list, on a real PostgreSQL: 300 hosts whose 400 packages are the same, as from one
 * image, and 300 of which each has a package of its own. A quarter of the packages is vulnerable, under both feeds alike. The
 * advisories are a fake that costs next to nothing; `match` measures those.
 */
export const run = async (): Promise<Readonly<Record<string, number>>> => ({
  hosts,
  packagesEach,
  ...(await measure('equal', () => [])),
  ...(await measure('different', (host) => [aPackage(`own${host}`, '1.0')])),
});

const measure = async (
  name: string,
  ownPackages: (host: number) => readonly Package[],
): Promise<Record<string, number>> => {
  await using store = await createTestDatabase();
  const { db } = store;
  const inventory = createInventory(db);
  const rules = Array.from({ length: vulnerabilities }, (_, index) => ({
    vulnerability: `CVE-2026-${10_000 + index}`,
    package: `lib${index * 4}`,
  }));
  const fake = createFakeContent(rules);
  const content = { ...fake, matched: createMatchMemory() };
  const clock = { now: () => Date.now() };
  const live = { publish: () => undefined };
  const receive = createSbomReceiver({ db, content, live, clock });
  const shared = Array.from({ length: packagesEach }, (_, index) => aPackage(`lib${index}`, '1.0'));
  for (let host = 0; host < hosts; host += 1) {
    const id = await inventory.host(`host${host}`);
    const document = anSbom('host', [...shared, ...ownPackages(host)]);
    await receive({ assetId: id, reporterHostId: id, document });
  }
  await sql`vacuum analyze`.execute(db);
  fake.set(rules);
  const serverPid = await serverPidOf(db);
  const own = process.cpuUsage();
  const database = databaseCpuMs(serverPid);
  const start = performance.now();
  await rematchAll({ db, content, clock, live: live as never, log: silentLog }, new AbortController().signal);
  const { user, system } = process.cpuUsage(own);
  const done = await sql<{ n: number }>`
    select count(*)::int as n from asset_software where matched_feed = ${content.current()?.version ?? ''}`.execute(db);
  if (done.rows[0]?.n !== hosts) throw new Error('Not every package list was matched again.');
  return {
    [`${name}ConsoleCpuMsEach`]: (user + system) / 1000 / hosts,
    [`${name}DatabaseCpuMsEach`]: (databaseCpuMs(serverPid) - database) / hosts,
    [`${name}MsEach`]: (performance.now() - start) / hosts,
  };
};

/** The parent of whichever process answers. */
const serverPidOf = async (db: Database): Promise<number> => {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db);
  const [, parent] = readFileSync(`/proc/${rows[0]?.pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return Number(parent);
};
