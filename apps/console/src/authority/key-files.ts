import { dirname } from 'node:path';
import { AppError, makeFolderDurably, readFileBounded, writeFileDurably } from '@parapet/core';
import type { Credentials } from './certificates.ts';

const maxKeyFileBytes = 64 * 1024;

/** Reads a PEM file that holds certificates and one private key; `undefined` when there is no such file. Throws when it is there but unusable. */
export const readCredentials = async (path: string): Promise<Credentials | undefined> => {
  const read = await readFileBounded(path, maxKeyFileBytes);
  if (!read.ok) {
    if (read.error.code === 'enoent') return undefined;
    throw new AppError('key-file', 500, `The key file ${path} could not be read: ${read.error.message}`);
  }
  const blocks = read.value.toString('utf8').match(/-----BEGIN ([A-Z ]+)-----[^-]+-----END \1-----/g) ?? [];
  const keys = blocks.filter((block) => block.startsWith('-----BEGIN PRIVATE KEY'));
  const certificates = blocks.filter((block) => block.startsWith('-----BEGIN CERTIFICATE-'));
  const [key] = keys;
  if (key === undefined || keys.length > 1 || certificates.length === 0) {
    throw new AppError(
      'key-file',
      500,
      `The key file ${path} must hold one private key (PKCS #8) and its certificate, both PEM. Restore it from a backup.`,
    );
  }
  return { certificatePem: `${certificates.join('\n')}\n`, privateKeyPem: `${key}\n` };
};

/** Writes credentials so that a crash leaves the old file or the new one; only the owner may read it. */
export const writeCredentials = async (path: string, credentials: Credentials): Promise<void> => {
  await makeFolderDurably(dirname(path));
  await writeFileDurably(path, credentials.privateKeyPem + credentials.certificatePem, 0o600);
};
