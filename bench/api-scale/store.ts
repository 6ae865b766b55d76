import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { connectDatabase, type DatabaseConnection } from '../../apps/console/src/database/connect.ts';
import { migrateDatabase } from '../../apps/console/src/database/migrate.ts';
import { startPostgres } from '../../apps/console/src/database/postgres-launcher/index.ts';
import { refreshInternetDistances } from '../../apps/console/src/risk/internet-distance.ts';
import { testRunAs } from '../../apps/console/src/testing/test-server.ts';
import { fillStore } from './fill.ts';
import type { StoreSize } from './store-size.ts';

export type ScaleStore = AsyncDisposable & {
  readonly connection: DatabaseConnection;
  readonly url: string;
  readonly pid: () => number;
  readonly rootDir: string;
  /** Seconds that filling and migrating took; 0 when the folder had it all. */
  readonly filledSeconds: number;
  readonly migratedSeconds: number;
};

/**
 * A durable PostgreSQL filled to a size. With a folder it is kept there and used again by the next run of the same size;
 * without one it lies in a temporary folder and goes.
 */
export const openScaleStore = async (size: StoreSize, folder: string | undefined): Promise<ScaleStore> => {
  const rootDir = folder ?? (await mkdtemp(join(tmpdir(), 'ppt-scale-')));
  await mkdir(rootDir, { recursive: true });
  if (testRunAs !== undefined) await chmod(rootDir, 0o711);
  const postgres = await startPostgres({ rootDir, socketDir: join(rootDir, 'run'), runAs: testRunAs });
  const connection = connectDatabase({
    address: {
      kind: 'socket',
      socketDir: postgres.socketDir,
      port: postgres.port,
      user: postgres.user,
      database: 'postgres',
    },
  });
  const url = `postgres://${postgres.user}@/postgres?host=${encodeURIComponent(postgres.socketDir())}`;
  const migrating = performance.now();
  await migrateDatabase(connection.db, { version: '0.0.0-bench' });
  const migratedSeconds = secondsSince(migrating);
  const stamp = join(rootDir, 'filled.json');
  const wanted = JSON.stringify(size);
  const has = await readFile(stamp, 'utf8').catch(() => undefined);
  if (has !== undefined && has !== wanted) throw new Error(`${rootDir} holds another size: ${has}`);
  const filling = performance.now();
  if (has === undefined) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await fillStore((text) => client.query(text).then(() => undefined), size);
    } catch (error) {
      await connection.close();
      await postgres.stop();
      throw error;
    } finally {
      await client.end();
    }
    // Otherwise the console would first work out the risk of everything anew.
    await refreshInternetDistances(connection.db);
    await writeFile(stamp, wanted);
  }
  const filledSeconds = has === undefined ? secondsSince(filling) : 0;
  return {
    ...{ connection, url, rootDir, filledSeconds, migratedSeconds, pid: postgres.pid },
    [Symbol.asyncDispose]: async () => {
      await connection.close();
      await postgres.stop();
      if (folder === undefined) await rm(rootDir, { recursive: true, force: true });
    },
  };
};

const secondsSince = (from: number): number => Math.round((performance.now() - from) / 100) / 10;
