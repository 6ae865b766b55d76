import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { AppError, classifyAddress, readFileBounded } from '@parapet/core';
import type { ExternalDatabase } from '../../config/config.ts';
import type { DatabaseAddress } from '../connect.ts';

export type ExternalAddress = Extract<DatabaseAddress, { kind: 'url' }>;

/** The address of an external PostgreSQL, and how its line is protected, in words. */
export type DescribedAddress = { readonly address: ExternalAddress; readonly description: string };

/**
 * Reads `DATABASE_URL` as libpq does (its `sslmode`, `sslrootcert`, `sslcert`, `sslkey`), with two differences: without a
 * mode a server on another machine must prove who it is (`verify-full`), and `prefer` and `allow`, which fall back to an open
 * line without a word, are refused. Throws AppError `config`.
 */
export const readExternalAddress = async (database: ExternalDatabase): Promise<DescribedAddress> => {
  const { base, query } = splitUrl(database.url);
  const { host, name } = placeOf(base, query);
  const mode = modeOf(query.get('sslmode') ?? undefined, host);
  const files = { cert: query.get('sslcert') ?? undefined, key: query.get('sslkey') ?? undefined };
  const ca = await readDatabaseAuthority({
    ...database,
    caFile: database.caFile ?? query.get('sslrootcert') ?? undefined,
  });
  const identity = {
    ...(files.cert === undefined ? {} : { cert: await readPem(files.cert, 'sslcert') }),
    ...(files.key === undefined ? {} : { key: await readPem(files.key, 'sslkey') }),
  };
  for (const key of [...query.keys()]) if (/^(ssl|uselibpqcompat)/i.test(key)) query.delete(key);
  if (database.password !== undefined) query.set('password', database.password);
  return {
    address: {
      kind: 'url',
      url: query.size === 0 ? base : `${base}?${query}`,
      ssl: mode === 'disable' ? false : { ...tlsFor(mode, host, ca), ...identity },
    },
    description: `external PostgreSQL at ${host}${name} (${protection(mode, host, ca !== undefined)})`,
  };
};

/** The authority's certificate when one is named; throws when its file is no such thing. */
const readDatabaseAuthority = async ({ caFile }: Pick<ExternalDatabase, 'caFile'>): Promise<string | undefined> => {
  if (caFile === undefined) return undefined;
  const pem = await readPem(caFile, 'DATABASE_CA_FILE');
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw wrong(`${caFile} holds no certificate (PEM).`);
  return pem;
};

const modes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
type Mode = (typeof modes)[number];

const modeOf = (text: string | undefined, host: string): Mode => {
  if (text === undefined) return isThisMachine(host) ? 'disable' : 'verify-full';
  const mode = modes.find((known) => known === text);
  if (mode === undefined)
    throw wrong(`The setting DATABASE_URL is wrong: sslmode=${text.slice(0, 40)} is none of ${modes.join(', ')}.`);
  if (mode !== 'disable' && host.startsWith('/'))
    throw wrong('The setting DATABASE_URL is wrong: there is no TLS on a unix socket, so leave sslmode out.');
  return mode;
};

const isThisMachine = (host: string): boolean =>
  host === '' || host.startsWith('/') || host === 'localhost' || classifyAddress(host) === 'loopback';

/** As libpq, `require` with a known authority checks that much. */
const tlsFor = (mode: Exclude<Mode, 'disable'>, host: string, ca: string | undefined): ConnectionOptions => ({
  ...(ca === undefined ? {} : { ca }),
  ...(mode === 'require' && ca === undefined ? { rejectUnauthorized: false } : {}),
  ...(mode === 'verify-full'
    ? { host, ...(isIP(host) === 0 ? { servername: host } : {}) }
    : { checkServerIdentity: () => undefined }),
  minVersion: 'TLSv1.2',
});

const protection = (mode: Mode, host: string, hasAuthority: boolean): string => {
  if (mode === 'disable') return isThisMachine(host) ? 'on this machine' : 'NOT encrypted';
  if (mode === 'require' && !hasAuthority) return 'encrypted, but the server is not verified';
  return mode === 'verify-full' ? 'encrypted and verified' : 'encrypted, its authority verified';
};

const splitUrl = (url: string): { base: string; query: URLSearchParams } => {
  const at = url.indexOf('?');
  return at < 0
    ? { base: url, query: new URLSearchParams() }
    : { base: url.slice(0, at), query: new URLSearchParams(url.slice(at + 1)) };
};

/** Host (or socket folder) and `/database`, without user and password. A URL with an empty host is none to WHATWG. */
const placeOf = (base: string, query: URLSearchParams): { host: string; name: string } => {
  const filled = base.replace('@/', '@localhost/').replace(/^(\w+:\/\/)\//, '$1localhost/');
  if (!URL.canParse(filled))
    throw wrong('The setting DATABASE_URL is wrong: it must look like postgres://user@host:5432/database.');
  const { hostname, pathname } = new URL(filled);
  const host = query.get('host') ?? decodeURIComponent(hostname.replace(/^\[|\]$/g, ''));
  return { host, name: decodeURIComponent(pathname) };
};

const maxPemBytes = 1024 * 1024;

const readPem = async (path: string, namedBy: string): Promise<string> => {
  const read = await readFileBounded(path, maxPemBytes);
  if (read.ok) return read.value.toString('utf8');
  throw wrong(`${path}, named by ${namedBy}, could not be read: ${read.error.message}`);
};

const wrong = (message: string): AppError => new AppError('config', 500, message);
