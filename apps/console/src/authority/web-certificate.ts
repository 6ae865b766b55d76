import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { AppError, type Clock, readFileBounded } from '@parapet/core';
import type { Authority } from './authority.ts';
import type { Credentials } from './certificates.ts';
import { readCredentials, writeCredentials } from './key-files.ts';

/** What browsers meet. */
export type WebCertificate = {
  readonly current: () => Credentials;
  /** Looks again: a given certificate may have been replaced, an own one may be old or lack a name. True when it changed, so that the server's secure context must be set anew. */
  readonly refresh: () => Promise<boolean>;
};

/** Below the limit of 398 days that browsers set, and of 825 that platforms set. */
const webDays = 365;
const renewBeforeMs = 30 * 86_400_000;

/** A certificate from files that a person gave, or one from our authority for all names of this machine, kept in `<keysDir>/web.pem`. */
export const createWebCertificate = async (deps: {
  readonly authority: Authority;
  readonly keysDir: string;
  readonly clock: Clock;
  readonly names: () => readonly string[];
  readonly files?: { readonly certificate: string; readonly key: string } | undefined;
}): Promise<WebCertificate> => {
  const path = join(deps.keysDir, 'web.pem');
  const { files } = deps;
  const obtain = async (previous: Credentials | undefined): Promise<Credentials> => {
    if (files !== undefined) return readGiven(files);
    const kept = previous ?? (await readCredentials(path));
    const names = deps.names();
    if (kept !== undefined && isUsable(kept, names, deps.authority, deps.clock.now())) return kept;
    const made = await deps.authority.issueServer(names, webDays);
    await writeCredentials(path, made);
    return made;
  };
  let current = await obtain(undefined);
  return {
    current: () => current,
    refresh: async () => {
      const next = await obtain(current);
      const changed = next.certificatePem !== current.certificatePem || next.privateKeyPem !== current.privateKeyPem;
      current = next;
      return changed;
    },
  };
};

const isUsable = (credentials: Credentials, names: readonly string[], authority: Authority, nowMs: number): boolean => {
  const certificate = new X509Certificate(credentials.certificatePem);
  return (
    authority.issued(certificate) &&
    certificate.validToDate.getTime() - nowMs > renewBeforeMs &&
    names.every((name) => (certificate.checkHost(name) ?? certificate.checkIP(name)) !== undefined)
  );
};

const readGiven = async (files: { readonly certificate: string; readonly key: string }): Promise<Credentials> => {
  const certificatePem = await readPem(files.certificate);
  const privateKeyPem = await readPem(files.key);
  let fits = false;
  try {
    fits = new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch (cause) {
    throw new AppError(
      'tls-certificate',
      500,
      `${files.certificate} and ${files.key} are not a PEM certificate and its key without a passphrase.`,
      { cause },
    );
  }
  if (!fits) {
    throw new AppError('tls-certificate', 500, `The key in ${files.key} does not belong to ${files.certificate}.`);
  }
  return { certificatePem, privateKeyPem };
};

const readPem = async (path: string): Promise<string> => {
  const read = await readFileBounded(path, 1024 * 1024);
  if (!read.ok) throw new AppError('tls-certificate', 500, `${path} could not be read: ${read.error.message}`);
  return read.value.toString('utf8');
};
