import { createRotatingFile } from '@parapet/core';
import pino from 'pino';
import type { Log } from './log.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export type FileLog = Log & { readonly close: () => void };

const fileLimitBytes = 10 * 1024 * 1024;
const filesKept = 4;

/** Names under which a secret might be logged by mistake, at the top and one level down. */
const secretNames = ['password', 'secret', 'token', 'authorization', 'cookie', 'key', 'privateKeyPem', 'DATABASE_URL'];

/** Writes JSON lines to a file in the data folder, which stays below 50 MB with its predecessors. The terminal stays quiet. */
export const createLog = (options: { readonly file: string; readonly level: LogLevel }): FileLog => {
  const file = createRotatingFile(options.file, fileLimitBytes, filesKept);
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`]), censor: '[left out]' },
    },
    { write: file.write },
  );
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    close: file.close,
  };
};
