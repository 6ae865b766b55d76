import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { type Clock, messageOf } from '@parapet/core';
import type { Authority } from './authority.ts';
import { type Credentials, certifies } from './certificates.ts';
import { type CertificateFiles, readGivenCertificate } from './given-certificate.ts';
import { readCredentials, writeCredentials } from './key-files.ts';

/** What browsers meet. */
export type WebCertificate = {
  readonly current: () => Credentials;
  /**
   * Looks again: a given certificate may have been replaced, an own one may be old or lack a name. True when it changed, so
   * that the server's secure context must be set anew. Files that do not fit together, as in the middle of a replacement,
   * change nothing and are told by `state`.
   */
  readonly refresh: () => Promise<boolean>;
  readonly state: () => WebCertificateState;
};

export type WebCertificateState = {
  readonly source: 'given' | 'own';
  readonly expiresAt: Date;
  /** Sentences for people. */
  readonly warnings: readonly string[];
};

/** Below the limit of 398 days that browsers set, and of 825 that platforms set. */
const webDays = 365;
const renewBeforeMs = 30 * 86_400_000;

type WebCertificateDeps = {
  readonly authority: Authority;
  readonly keysDir: string;
  readonly clock: Clock;
  /** Names of this machine and of the public addresses. */
  readonly names: () => readonly string[];
  /** Those of the public addresses alone, which a given certificate must hold. */
  readonly publicNames?: readonly string[];
  readonly files?: CertificateFiles | undefined;
};

/** A certificate from files that a person gave, or one from our authority for all names of this machine, kept in `<keysDir>/web.pem`. */
export const createWebCertificate = async (deps: WebCertificateDeps): Promise<WebCertificate> => {
  const { files } = deps;
  const obtain = (previous?: Credentials): Promise<Obtained> =>
    files === undefined ? obtainOwn(deps, previous) : obtainGiven(deps, files);
  let shown = await obtain();
  let problem: string | undefined;
  return {
    current: () => shown.credentials,
    refresh: async () => {
      let next: Obtained;
      try {
        next = await obtain(shown.credentials);
        problem = undefined;
      } catch (error) {
        problem = `The web certificate could not be taken up anew, so the earlier one stays in use: ${messageOf(error)}`;
        return false;
      }
      const changed = !isSame(next.credentials, shown.credentials);
      shown = next;
      return changed;
    },
    state: () => ({
      source: files === undefined ? 'own' : 'given',
      expiresAt: shown.expiresAt,
      warnings: problem === undefined ? shown.warnings : [problem, ...shown.warnings],
    }),
  };
};

type Obtained = { readonly credentials: Credentials; readonly expiresAt: Date; readonly warnings: readonly string[] };

const isSame = (a: Credentials, b: Credentials): boolean =>
  a.certificatePem === b.certificatePem && a.privateKeyPem === b.privateKeyPem;

const obtainGiven = ({ clock, publicNames }: WebCertificateDeps, files: CertificateFiles): Promise<Obtained> =>
  readGivenCertificate(files, { nowMs: clock.now(), names: publicNames ?? [] });

const obtainOwn = async (deps: WebCertificateDeps, previous: Credentials | undefined): Promise<Obtained> => {
  const path = join(deps.keysDir, 'web.pem');
  const kept = previous ?? (await readCredentials(path));
  const names = deps.names();
  if (kept !== undefined && isUsable(kept, names, deps.authority, deps.clock.now())) return ownOf(kept);
  const made = await deps.authority.issueServer(names, webDays);
  await writeCredentials(path, made);
  return ownOf(made);
};

const ownOf = (credentials: Credentials): Obtained => ({
  credentials,
  expiresAt: new X509Certificate(credentials.certificatePem).validToDate,
  warnings: [],
});

const isUsable = (credentials: Credentials, names: readonly string[], authority: Authority, nowMs: number): boolean => {
  const certificate = new X509Certificate(credentials.certificatePem);
  return (
    authority.issued(certificate) &&
    certificate.validToDate.getTime() - nowMs > renewBeforeMs &&
    names.every((name) => certifies(certificate, name))
  );
};
