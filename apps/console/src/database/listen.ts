import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { clientConfig, type DatabaseAddress } from './connect.ts';

export type Listener = { readonly close: () => Promise<void> };

const heartbeatMs = 10_000;
const patienceMs = 5_000;
const maxPauseMs = 15_000;

/**
 * Listens on a NOTIFY channel with a connection of its own, and connects anew for as long as it is open. Notifications sent
 * meanwhile are lost, so `onListening` is called whenever it listens again: the time to look at what was missed. Rejects
 * when the first connection fails.
 */
export const listenOn = async (
  address: DatabaseAddress,
  channel: string,
  onNotification: (payload: string) => void,
  onListening: () => void,
): Promise<Listener> => {
  const closing = new AbortController();
  const first = await connect(address, channel, onNotification);
  onListening();
  let current: Connection | undefined = first;

  const keepListening = async (): Promise<void> => {
    for (let failures = 0; !closing.signal.aborted; ) {
      await current?.lost;
      if (closing.signal.aborted) return;
      await sleep(Math.min(500 * 2 ** failures, maxPauseMs), undefined, { signal: closing.signal, ref: false });
      current = await connect(address, channel, onNotification).catch(() => undefined);
      failures = current === undefined ? failures + 1 : 0;
      if (current !== undefined) onListening();
    }
  };
  const running = keepListening().catch(() => undefined);
  return {
    close: async () => {
      closing.abort();
      await current?.end();
      await running;
    },
  };
};

type Connection = {
  /** Settles when the connection is of no use any more. */
  readonly lost: Promise<void>;
  readonly end: () => Promise<void>;
};

const connect = async (
  address: DatabaseAddress,
  channel: string,
  onNotification: (payload: string) => void,
): Promise<Connection> => {
  const client = new pg.Client({
    ...clientConfig(address),
    keepAlive: true,
    connectionTimeoutMillis: patienceMs,
    query_timeout: patienceMs,
    application_name: 'parapet-listener',
  });
  const { promise: lost, resolve } = Promise.withResolvers<void>();
  // Stays for good: a connection may report its end more than once.
  client.on('error', () => resolve());
  client.on('end', () => resolve());
  client.on('notification', ({ payload }) => onNotification(payload ?? ''));
  const end = async (): Promise<void> => {
    clearInterval(heartbeat);
    resolve();
    await client.end().catch(() => undefined);
  };
  // A line that went dead without a word is found only by speaking.
  const heartbeat = setInterval(() => void client.query('select 1').catch(end), heartbeatMs);
  heartbeat.unref();
  try {
    await client.connect();
    await client.query(`listen ${pg.escapeIdentifier(channel)}`);
  } catch (error) {
    await end();
    throw error;
  }
  void lost.then(end);
  return { lost, end };
};
