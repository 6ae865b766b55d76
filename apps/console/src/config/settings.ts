import type { Environment } from './env.ts';

/** What is said of a setting to people; docs/configuration.md is compared with it by a test. */
export type Setting = {
  /** The option of `up` and `console` that sets it too. */
  readonly option?: string;
  /** Hides it wherever settings are shown, and lets it be given as `<NAME>_FILE`, the path of a file that holds it. */
  readonly secret?: true;
  /** Who may set it: `anywhere` includes the configuration file; `environment` not; `program` is for our own programs and is documented nowhere. */
  readonly where: 'anywhere' | 'environment' | 'program';
};

export type SettingName = keyof Environment;

export const settings: { readonly [N in SettingName]: Setting } = {
  // Every command must find the data folder without reading the file.
  PARAPET_DATA_DIR: { option: '--data-dir', where: 'environment' },
  PARAPET_HOST: { option: '--host', where: 'anywhere' },
  PARAPET_PORT: { option: '--port', where: 'anywhere' },
  PARAPET_TLS_CERT: { option: '--tls-cert', where: 'anywhere' },
  PARAPET_TLS_KEY: { option: '--tls-key', where: 'anywhere' },
  PARAPET_PUBLIC_URLS: { where: 'anywhere' },
  PARAPET_NAME: { where: 'anywhere' },
  PARAPET_KEY_FILE: { where: 'anywhere' },
  PARAPET_PROXY_PROTOCOL_FROM: { where: 'anywhere' },
  PARAPET_TRUSTED_PROXIES: { where: 'anywhere' },
  PARAPET_DRAIN_SECONDS: { where: 'anywhere' },
  DATABASE_URL: { secret: true, where: 'anywhere' },
  DATABASE_PASSWORD: { secret: true, where: 'anywhere' },
  DATABASE_CA_FILE: { where: 'anywhere' },
  PARAPET_POSTGRES_DIR: { where: 'anywhere' },
  PARAPET_WEB_DIR: { where: 'program' },
  PARAPET_LOG_LEVEL: { where: 'anywhere' },
  PARAPET_BACKUP_PASSPHRASE: { secret: true, where: 'anywhere' },
  PARAPET_BACKUP_BEFORE_UPGRADE: { where: 'anywhere' },
  PARAPET_FEED_OSV_URL: { where: 'anywhere' },
  PARAPET_FEED_KEV_URL: { where: 'anywhere' },
  PARAPET_FEED_EPSS_URL: { where: 'anywhere' },
  PARAPET_FEED_ECOSYSTEMS: { where: 'anywhere' },
  HTTPS_PROXY: { secret: true, where: 'anywhere' },
  https_proxy: { secret: true, where: 'program' },
  NO_PROXY: { where: 'anywhere' },
  no_proxy: { where: 'program' },
  HOME: { where: 'program' },
  XDG_DATA_HOME: { where: 'program' },
};

/** Names the configuration file; in the environment only. */
export const configFileVariable = 'PARAPET_CONFIG_FILE';

/** Variables of our other programs, which may stand in the same environment. */
export const otherPrograms: ReadonlySet<string> = new Set([
  configFileVariable,
  'PARAPET_TOKEN',
  'PARAPET_TOKEN_FILE',
  'PARAPET_TLS_CA',
  'PARAPET_HOST_ROOT',
  'PARAPET_MEMORY_LIMIT',
  'PARAPET_CPU_LIMIT',
  'PARAPET_CONTAINER',
  'PARAPET_MODE',
  'PARAPET_PROGRAM_DIR',
  'PARAPET_CONSOLE_URL',
  'PARAPET_AUTHORITY_PIN',
  'PARAPET_ENROLMENT_KEY',
  'PARAPET_ENROL_ONLY',
  'PARAPET_STATE_DIR',
  'PARAPET_AUDIT',
  'PARAPET_CLOUD_METADATA',
  'PARAPET_CONTAINER',
  'PARAPET_CPU_LIMIT',
  'PARAPET_EVENT_SOURCE',
  'PARAPET_HOST_ROOT',
  'PARAPET_MEMORY_LIMIT',
  'PARAPET_SYSTEM_CALLS',
  'PARAPET_WATCHED_PATHS',
  'PARAPET_HASHED_PATHS',
]);

export const isSettingName = (name: string): name is SettingName => Object.hasOwn(settings, name);
