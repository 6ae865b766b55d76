import { AppError } from '@parapet/core';
import { z } from 'zod';

/** An unset variable and an empty one mean the same. */
const text = z.preprocess((value) => (value === '' ? undefined : value), z.string().max(4096).optional());
const path = text.refine((value) => value === undefined || value.startsWith('/'), 'must be an absolute path');
const url = text.refine(
  (value) => value === undefined || (URL.canParse(value) && /^https?:/.test(value)),
  'must be an address that begins with https:// or http://',
);

/** The variables that the console reads; others are not looked at. */
export const Environment = z.object({
  PARAPET_DATA_DIR: path,
  PARAPET_HOST: text,
  PARAPET_PORT: z.preprocess(
    (value) => (value === '' ? undefined : value),
    z.coerce.number('must be a port number').int().min(0).max(65_535).optional(),
  ),
  DATABASE_URL: text.refine(
    (value) => value === undefined || /^postgres(ql)?:\/\//.test(value),
    'must begin with postgres://',
  ),
  PARAPET_TLS_CERT: path,
  PARAPET_TLS_KEY: path,
  PARAPET_KEY_FILE: path,
  PARAPET_NAME: text,
  PARAPET_LOG_LEVEL: z.preprocess(
    (value) => (value === '' ? undefined : value),
    z.enum(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error').optional(),
  ),
  PARAPET_PUBLIC_URLS: text,
  PARAPET_WEB_DIR: path,
  PARAPET_POSTGRES_DIR: path,
  PARAPET_FEED_OSV_URL: url,
  PARAPET_FEED_KEV_URL: url,
  PARAPET_FEED_EPSS_URL: url,
  PARAPET_FEED_ECOSYSTEMS: text,
  HTTPS_PROXY: text,
  https_proxy: text,
  HOME: text,
  XDG_DATA_HOME: text,
});
export type Environment = z.output<typeof Environment>;

/** Parses the variables; throws AppError `config` that names the wrong one and says why. */
export const parseEnvironment = (variables: Readonly<Record<string, string | undefined>>): Environment => {
  const parsed = Environment.safeParse(variables);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new AppError('config', 500, `The setting ${issue?.path.join('.') ?? ''} is wrong: ${issue?.message ?? ''}.`);
};

/** The only place that reads the environment of the process. */
export const readEnvironment = (): Environment => parseEnvironment(process.env);
