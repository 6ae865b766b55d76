import type { Db } from 'pg-boss';
import { clientConfig, type DatabaseAddress } from '../database/connect.ts';
import { listenOn } from '../database/listen.ts';
import { createPool } from '../database/pool.ts';
import type { Log } from '../logging/log.ts';

/** Connections of the job queue's own: two for work and one that listens, so that jobs cannot starve the routes. */
const maxConnections = 2;

export type BossDatabase = { readonly database: Db; readonly close: () => Promise<void> };

/** What pg-boss works on. Its own pool would end the process when a connection breaks between two queries. */
export const createBossDatabase = (address: DatabaseAddress, log: Log): BossDatabase => {
  const pool = createPool(
    {
      ...clientConfig(address),
      max: maxConnections,
      connectionTimeoutMillis: 10_000,
      application_name: 'parapet-jobs',
    },
    (error) => log.debug({ error: error.message }, 'job connection lost'),
  );
  return {
    database: {
      executeSql: async (text, values) => pool.query(text, values),
      listen: (channel, onNotification, onListening) => listenOn(address, channel, onNotification, onListening),
    },
    close: () => pool.end(),
  };
};
