import pg from 'pg';

/**
 * A pool whose connections may break at any moment without ending the process. pg-pool listens for errors of a connection
 * only while it is idle; one that breaks between two queries of a transaction would be an error nobody listens for. What
 * was running fails with the same error, so nothing is hidden by listening here.
 */
export const createPool = (config: pg.PoolConfig, onIdleError: (error: Error) => void): pg.Pool => {
  const pool = new pg.Pool(config);
  pool.on('error', onIdleError);
  pool.on('connect', (client) => client.on('error', ignore));
  return pool;
};

const ignore = (): void => undefined;
