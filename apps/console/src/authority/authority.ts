import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { sensorServerName } from '@parapet/contract/wire';
import { AppError, type Clock, messageOf } from '@parapet/core';
import {
  type CertificateRequest,
  type ClientCertificate,
  type Credentials,
  createAuthorityCredentials,
  issueClientCertificate,
  issueServerCredentials,
  loadSigner,
  publicKeyPin,
} from './certificates.ts';
import { readCredentials, writeCredentials } from './key-files.ts';

/** The certificate authority of this console: it makes the sensors' certificates, and the web's where none is given. */
export type Authority = {
  readonly certificatePem: string;
  /** SHA-256 of its public key, hex; a sensor that enrols is given it beforehand. */
  readonly pin: string;
  readonly signSensor: (request: CertificateRequest, hostId: string) => Promise<ClientCertificate>;
  readonly issueServer: (names: readonly string[], days: number) => Promise<Credentials>;
  /** Whether it signed a certificate, whatever its dates. */
  readonly issued: (certificate: X509Certificate) => boolean;
};

/** How long a sensor's certificate is valid; it is renewed after two thirds. */
export const sensorCertificateDays = 30;

/** Reads the authority's key from `keyFile` or `<keysDir>/authority.pem`; makes one when there is none. Throws when the file is there but unusable: a new authority would lock all sensors out. */
export const createAuthority = async (deps: {
  readonly keysDir: string;
  readonly keyFile?: string | undefined;
  readonly clock: Clock;
}): Promise<Authority> => {
  const path = deps.keyFile ?? join(deps.keysDir, 'authority.pem');
  let credentials = await readCredentials(path);
  if (credentials === undefined) {
    credentials = await createAuthorityCredentials(deps.clock.now());
    await writeCredentials(path, credentials);
  }
  const signer = await loadSigner(credentials).catch((error: unknown) => {
    throw new AppError('key-file', 500, `The key file ${path} cannot be used: ${messageOf(error)}`, { cause: error });
  });
  const own = new X509Certificate(credentials.certificatePem);
  return {
    certificatePem: credentials.certificatePem,
    pin: publicKeyPin(signer),
    signSensor: (request, hostId) =>
      issueClientCertificate(signer, request, { hostId, nowMs: deps.clock.now(), days: sensorCertificateDays }),
    issueServer: (names, days) => issueServerCredentials(signer, names, { nowMs: deps.clock.now(), days }),
    issued: (certificate) => certificate.checkIssued(own) && certificate.verify(own.publicKey),
  };
};

/** The certificate that sensors meet. Made anew at each start and before it expires: they trust the authority, not the certificate. */
export const issueSensorServer = (authority: Authority): Promise<Credentials> =>
  authority.issueServer([sensorServerName], sensorServerDays);

export const sensorServerDays = 90;
