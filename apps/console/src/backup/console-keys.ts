import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { AppError, readFileBounded, writeFileDurably } from '@parapet/core';
import type { ConsoleKeys } from './sealed-keys.ts';

/** Where a console's private keys lie. */
export type KeyPlaces = { readonly keysDir: string; readonly keyFile: string | undefined };

const maxKeyBytes = 65_536;
const authorityPath = ({ keysDir, keyFile }: KeyPlaces): string => keyFile ?? join(keysDir, 'authority.pem');
const webPath = ({ keysDir }: KeyPlaces): string => join(keysDir, 'web.pem');

/** The keys as they are; `undefined` where there is no authority yet. */
export const readConsoleKeys = async (places: KeyPlaces): Promise<ConsoleKeys | undefined> => {
  const authorityPem = await readPem(authorityPath(places));
  if (authorityPem === undefined) return undefined;
  const webPem = await readPem(webPath(places));
  return { authorityPem, ...(webPem === undefined ? {} : { webPem }) };
};

/** Throws AppError `not-empty` where the place has another authority, which would lock its sensors out. */
export const requireFreeKeyPlace = async (places: KeyPlaces, keys: ConsoleKeys): Promise<void> => {
  const there = await readPem(authorityPath(places));
  if (there === undefined || pinOf(there) === pinOf(keys.authorityPem)) return;
  throw new AppError(
    'not-empty',
    409,
    `${authorityPath(places)} is the key of another console, and a restore never overwrites one. Give a data folder that is not there yet.`,
  );
};

export const writeConsoleKeys = async (places: KeyPlaces, keys: ConsoleKeys): Promise<void> => {
  await writeFileDurably(authorityPath(places), keys.authorityPem, 0o600);
  if (keys.webPem !== undefined) await writeFileDurably(webPath(places), keys.webPem, 0o600);
};

const readPem = async (path: string): Promise<string | undefined> => {
  const read = await readFileBounded(path, maxKeyBytes);
  if (read.ok) return read.value.toString('utf8');
  if (read.error.code === 'enoent') return undefined;
  throw new AppError('key-file', 500, `The key file ${path} could not be read: ${read.error.message}`);
};

const pinOf = (pem: string): string => {
  try {
    return new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE-'))).fingerprint256;
  } catch {
    return 'unreadable';
  }
};
