import { hostname } from 'node:os';
import { join } from 'node:path';
import { AppError } from '@parapet/core';
import type { LogLevel } from '../logging/create-log.ts';
import { programVersion } from '../version.ts';
import { type Environment, splitList } from './env.ts';

/** Everything the console is told from outside, checked and complete. */
export type ConsoleConfig = {
  readonly version: string;
  /** Shown to people; the machine's name unless given. */
  readonly name: string;
  readonly dataDir: string;
  /** Address to listen on; `::` is all of them. */
  readonly host: string;
  /** Port of web, API and sensors; 0 takes a free one, for tests. */
  readonly port: number;
  readonly database: EmbeddedDatabase | ExternalDatabase;
  /** A web certificate that a person gave; otherwise the console makes its own. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  /** Where the authority's key lies, when not in the data folder. */
  readonly keyFile: string | undefined;
  /** Under which the console is reached, best first, e.g. `https://parapet.example.org`. */
  readonly publicUrls: readonly string[];
  /** Load balancers, as addresses and blocks: they alone may begin a connection with a PROXY header, and must. */
  readonly proxyProtocolFrom: readonly string[];
  /** HTTP proxies, as addresses and blocks, whose word about their client is believed. */
  readonly trustedProxies: readonly string[];
  /** How long `/readyz` says no before the port is closed, so that balancers send nobody any more. */
  readonly drainMs: number;
  /** The built web app. */
  readonly webDir: string;
  /** The built program, of which sensors for other hosts are made. */
  readonly programDir: string;
  readonly logLevel: LogLevel;
  readonly backup: BackupConfig;
  readonly feeds: FeedPublishers;
};

/** Of backups that the console makes by itself. */
export type BackupConfig = {
  /** Seals the keys in them; without one they are left out. */
  readonly passphrase: string | undefined;
  /** Before each change of the schema; off where others look after the database. */
  readonly beforeUpgrade: boolean;
};

/** Other places than the publishers' own, and what of them is wanted; empty fields mean the usual. */
export type FeedPublishers = {
  readonly baseUrls: { readonly osv?: string; readonly kev?: string; readonly epss?: string };
  readonly ecosystems?: string[];
  /** `NO_PROXY`'s entries go past the proxy. */
  readonly proxy?: { readonly url: string; readonly except: string[] };
};

export type ExternalDatabase = {
  readonly kind: 'url';
  readonly url: string;
  /** Goes before the one in the URL, which may come from a place that is no secret. */
  readonly password: string | undefined;
  /** PEM file of the authority that the server's certificate must come from. */
  readonly caFile: string | undefined;
};

export type EmbeddedDatabase = {
  readonly kind: 'embedded';
  /** Files of PostgreSQL to use instead of searching. */
  readonly prefixDir: string | undefined;
};

const defaultPort = 8443;

/** The configuration an environment asks for. Pure, but for the machine's name. Throws AppError `config`. */
export const createConfig = (environment: Environment): ConsoleConfig => ({
  version: programVersion,
  name: environment.PARAPET_NAME ?? hostname(),
  dataDir: environment.PARAPET_DATA_DIR ?? defaultDataDir(environment),
  host: environment.PARAPET_HOST ?? '::',
  port: environment.PARAPET_PORT ?? defaultPort,
  database:
    environment.DATABASE_URL === undefined
      ? { kind: 'embedded', prefixDir: environment.PARAPET_POSTGRES_DIR }
      : {
          kind: 'url',
          url: environment.DATABASE_URL,
          password: environment.DATABASE_PASSWORD,
          caFile: environment.DATABASE_CA_FILE,
        },
  tls: tlsFiles(environment),
  keyFile: environment.PARAPET_KEY_FILE,
  publicUrls: publicUrls(environment.PARAPET_PUBLIC_URLS),
  proxyProtocolFrom: splitList(environment.PARAPET_PROXY_PROTOCOL_FROM),
  trustedProxies: splitList(environment.PARAPET_TRUSTED_PROXIES),
  drainMs: (environment.PARAPET_DRAIN_SECONDS ?? 0) * 1000,
  webDir: environment.PARAPET_WEB_DIR ?? join(builtDir, 'web'),
  programDir: builtDir,
  logLevel: environment.PARAPET_LOG_LEVEL ?? 'info',
  backup: {
    passphrase: environment.PARAPET_BACKUP_PASSPHRASE,
    beforeUpgrade: environment.PARAPET_BACKUP_BEFORE_UPGRADE !== 'off',
  },
  feeds: feedPublishers(environment),
});

/** Beside the bundle in a build, in the checkout's build folder when the sources run. */
const builtDir = import.meta.url.endsWith('.ts') ? join(import.meta.dirname, '../../../../build') : import.meta.dirname;

const defaultDataDir = (environment: Environment): string => {
  if (process.getuid?.() === 0) return '/var/lib/parapet/console';
  if (environment.XDG_DATA_HOME !== undefined) return join(environment.XDG_DATA_HOME, 'parapet/console');
  if (environment.HOME !== undefined) return join(environment.HOME, '.local/share/parapet/console');
  throw new AppError('config', 500, 'There is no home folder for the data. Name one by PARAPET_DATA_DIR.');
};

const feedPublishers = (environment: Environment): FeedPublishers => {
  const {
    PARAPET_FEED_OSV_URL: osv,
    PARAPET_FEED_KEV_URL: kev,
    PARAPET_FEED_EPSS_URL: epss,
    PARAPET_FEED_ECOSYSTEMS: ecosystems,
  } = environment;
  const proxy = proxyUrl(environment.HTTPS_PROXY ?? environment.https_proxy);
  return {
    baseUrls: {
      ...(osv === undefined ? {} : { osv }),
      ...(kev === undefined ? {} : { kev }),
      ...(epss === undefined ? {} : { epss }),
    },
    ...(ecosystems === undefined ? {} : { ecosystems: splitList(ecosystems) }),
    ...(proxy === undefined
      ? {}
      : { proxy: { url: proxy, except: splitList(environment.NO_PROXY ?? environment.no_proxy) } }),
  };
};

/** As curl reads it: a bare `host:port` is an http:// one. */
const proxyUrl = (text: string | undefined): string | undefined => {
  if (text === undefined) return undefined;
  const url = text.includes('://') ? text : `http://${text}`;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new AppError('config', 500, 'The setting HTTPS_PROXY is wrong: it must look like http://host:port.');
};

const tlsFiles = (environment: Environment): ConsoleConfig['tls'] => {
  const { PARAPET_TLS_CERT: certificate, PARAPET_TLS_KEY: key } = environment;
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate !== undefined && key !== undefined) return { certificate, key };
  throw new AppError('config', 500, 'A web certificate needs both files: PARAPET_TLS_CERT and PARAPET_TLS_KEY.');
};

const publicUrls = (listed: string | undefined): readonly string[] =>
  splitList(listed).map((url) => {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed?.protocol === 'https:' && parsed.pathname === '/' && parsed.search === '') return parsed.origin;
    throw new AppError(
      'config',
      500,
      `The setting PARAPET_PUBLIC_URLS is wrong: "${url}" must look like https://host or https://host:port.`,
    );
  });
