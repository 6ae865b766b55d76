import pg from 'pg';
import { clientConfig, type DatabaseAddress } from '../database/connect.ts';

/** What the tables take with their indexes, in bytes. */
export const readDatabaseBytes = async (address: DatabaseAddress): Promise<number> => {
  const client = new pg.Client(clientConfig(address));
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ size: string }>('select pg_database_size(current_database())::text as size');
    return Number(rows[0]?.size ?? 0);
  } finally {
    await client.end();
  }
};
