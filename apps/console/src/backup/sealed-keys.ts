import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto';
import { AppError, parseJson } from '@parapet/core';
import { z } from 'zod';

/** The private keys of a console, PEM, as they lie in its files. */
export const ConsoleKeys = z.object({
  authorityPem: z.string().max(65_536),
  webPem: z.string().max(65_536).optional(),
});
export type ConsoleKeys = z.infer<typeof ConsoleKeys>;

/** 128 MiB and about half a second for each try at the passphrase (RFC 7914). */
const cost = { N: 2 ** 17, r: 8, p: 1 } as const;
/** What we would still spend on opening a file: 512 MiB. */
const maxCost = { N: 2 ** 18, r: 16, p: 4 } as const;
const keyBytes = 32;

const Sealed = z.object({
  format: z.literal('parapet-sealed-keys/1'),
  kdf: z.object({
    name: z.literal('scrypt'),
    N: z.number().int().min(2).max(maxCost.N),
    r: z.number().int().min(1).max(maxCost.r),
    p: z.number().int().min(1).max(maxCost.p),
    salt: z.base64(),
  }),
  cipher: z.literal('aes-256-gcm'),
  nonce: z.base64(),
  tag: z.base64(),
  text: z.base64(),
});

export const shortestPassphrase = 12;

/**
 * Encrypts the keys by a passphrase. `bound` is authenticated with them: the hashes of everything else in the backup, so that
 * a backup whose data was altered does not give its keys out either.
 */
export const sealKeys = async (keys: ConsoleKeys, passphrase: string, bound: Buffer): Promise<Buffer> => {
  if (passphrase.length < shortestPassphrase) {
    throw new AppError(
      'weak-passphrase',
      400,
      `The passphrase must have at least ${shortestPassphrase} characters: whoever has it and the file can speak as this console.`,
    );
  }
  const salt = randomBytes(16);
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', await deriveKey(passphrase, { ...cost, salt }), nonce);
  cipher.setAAD(bound);
  const text = Buffer.concat([cipher.update(JSON.stringify(keys), 'utf8'), cipher.final()]);
  const sealed: z.infer<typeof Sealed> = {
    format: 'parapet-sealed-keys/1',
    kdf: { name: 'scrypt', ...cost, salt: salt.toString('base64') },
    cipher: 'aes-256-gcm',
    nonce: nonce.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    text: text.toString('base64'),
  };
  return Buffer.from(JSON.stringify(sealed));
};

/** Throws AppError `wrong-passphrase` when the passphrase is another one, or the backup was altered. */
export const openKeys = async (content: Buffer, passphrase: string, bound: Buffer): Promise<ConsoleKeys> => {
  const sealed = parseJson(content.toString('utf8'), Sealed);
  if (!sealed.ok) throw wrongPassphrase();
  const { kdf, nonce, tag, text } = sealed.value;
  const key = await deriveKey(passphrase, { ...kdf, salt: Buffer.from(kdf.salt, 'base64') });
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'), { authTagLength: 16 });
    decipher.setAAD(bound);
    decipher.setAuthTag(Buffer.from(tag, 'base64'));
    const plain = Buffer.concat([decipher.update(Buffer.from(text, 'base64')), decipher.final()]);
    return ConsoleKeys.parse(JSON.parse(plain.toString('utf8')));
  } catch (cause) {
    throw wrongPassphrase(cause);
  }
};

const wrongPassphrase = (cause?: unknown): AppError =>
  new AppError(
    'wrong-passphrase',
    400,
    'The keys in this backup cannot be opened: the passphrase is another one, or the backup was altered. Nothing was changed.',
    { cause },
  );

const deriveKey = (
  passphrase: string,
  { N, r, p, salt }: { readonly N: number; readonly r: number; readonly p: number; readonly salt: Buffer },
): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    scrypt(passphrase.normalize('NFC'), salt, keyBytes, { N, r, p, maxmem: 256 * N * r }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
