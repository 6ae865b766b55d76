import { AppError, isBlock } from '@parapet/core';
import { z } from 'zod';

/** An unset variable and an empty one mean the same. */
const text = z.preprocess((value) => (value === '' ? undefined : value), z.string().max(4096).optional());
const path = text.refine((value) => value === undefined || value.startsWith('/'), 'must be an absolute path');
const url = text.refine(
  (value) => value === undefined || (URL.canParse(value) && /^https?:/.test(value)),
  'must be an address that begins with https:// or http://',
);
const blocks = text.refine(
  (value) => value === undefined || splitList(value).every(isBlock),
  'must list addresses or blocks such as 10.0.0.0/8, separated by commas',
);
const number = (what: string, min: number, max: number) =>
  z.preprocess((value) => (value === '' ? undefined : value), z.coerce.number(what).int().min(min).max(max).optional());

/** The settings that the console reads, from the environment or from its configuration file. */
export const Environment = z.object({
  PARAPET_DATA_DIR: path,
  PARAPET_HOST: text,
  PARAPET_PORT: number('must be a port number', 0, 65_535),
  PARAPET_TLS_CERT: path,
  PARAPET_TLS_KEY: path,
  PARAPET_PUBLIC_URLS: text,
  PARAPET_NAME: text,
  PARAPET_KEY_FILE: path,
  PARAPET_PROXY_PROTOCOL_FROM: blocks,
  PARAPET_TRUSTED_PROXIES: blocks,
  PARAPET_DRAIN_SECONDS: number('must be a number of seconds', 0, 300),
  DATABASE_URL: text.refine(
    (value) => value === undefined || /^postgres(ql)?:\/\//.test(value),
    'must begin with postgres://',
  ),
  DATABASE_PASSWORD: text,
  DATABASE_CA_FILE: path,
  PARAPET_POSTGRES_DIR: path,
  PARAPET_WEB_DIR: path,
  PARAPET_LOG_LEVEL: z.preprocess(
    (value) => (value === '' ? undefined : value),
    z.enum(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error').optional(),
  ),
  PARAPET_BACKUP_PASSPHRASE: text,
  PARAPET_BACKUP_BEFORE_UPGRADE: z.preprocess(
    (value) => (value === '' ? undefined : value),
    z.enum(['on', 'off'], 'must be on or off').optional(),
  ),
  PARAPET_FEED_OSV_URL: url,
  PARAPET_FEED_KEV_URL: url,
  PARAPET_FEED_EPSS_URL: url,
  PARAPET_FEED_ECOSYSTEMS: text,
  HTTPS_PROXY: text,
  https_proxy: text,
  NO_PROXY: text,
  no_proxy: text,
  HOME: text,
  XDG_DATA_HOME: text,
});
export type Environment = z.output<typeof Environment>;

/** The items of a list that is written with commas. */
export const splitList = (listed: string | undefined): string[] =>
  (listed ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** Parses the variables; throws AppError `config` that names the wrong one and says why. */
export const parseEnvironment = (variables: Readonly<Record<string, string | undefined>>): Environment => {
  const parsed = Environment.safeParse(variables);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AppError('config', 500, `The setting ${issue?.path.join('.') ?? ''} is wrong: ${issue?.message ?? ''}.`);
};
