import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits in URL-safe text; for sessions, links and tokens. */
export const createSecret = (): string => randomBytes(32).toString('base64url');

/**
 * What is stored of such a secret. A plain hash is enough: nobody can search 2^256 secrets, so there is nothing for a slow
 * one to slow down.
 */
export const hashSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest();
