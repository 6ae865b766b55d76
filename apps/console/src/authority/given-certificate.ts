import { createPrivateKey, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { AppError, messageOf, readFileBounded } from '@parapet/core';
import { type Credentials, certifies } from './certificates.ts';

export type CertificateFiles = { readonly certificate: string; readonly key: string };

export type GivenCertificate = {
  readonly credentials: Credentials;
  readonly expiresAt: Date;
  /** Sentences for people: it works for some, or not for long. */
  readonly warnings: readonly string[];
};

/** Programs that renew certificates of 90 days do so 30 days before the end, those of 47 days 16: two weeks before it, something went wrong. */
const warnBeforeMs = 14 * 86_400_000;
const dayMs = 86_400_000;
const maxPemBytes = 1024 * 1024;
const maxChain = 16;

/**
 * Reads a web certificate that people gave, with what follows it in its file as the chain (RFC 8446, 4.4.2: the server's own
 * first, each certified by the next). Throws AppError `tls-certificate` that says which file is wrong and how.
 */
export const readGivenCertificate = async (
  files: CertificateFiles,
  against: { readonly nowMs: number; readonly names: readonly string[] },
): Promise<GivenCertificate> => {
  const certificatePem = await readPem(files.certificate);
  const privateKeyPem = await readPem(files.key);
  const chain = parseChain(files.certificate, certificatePem);
  const [leaf] = chain;
  if (leaf === undefined) throw wrong(`${files.certificate} holds no certificate (PEM).`);
  requireKey(files, leaf, privateKeyPem);
  try {
    createSecureContext({ cert: certificatePem, key: privateKeyPem, minVersion: 'TLSv1.2' });
  } catch (cause) {
    throw wrong(`${files.certificate} cannot be served: ${messageOf(cause)}`, cause);
  }
  return {
    credentials: { certificatePem, privateKeyPem },
    expiresAt: leaf.validToDate,
    warnings: [
      ...validityWarning(leaf, against.nowMs),
      ...missingNames(leaf, against.names),
      ...chainWarnings(files.certificate, chain, against.nowMs),
    ],
  };
};

const parseChain = (path: string, pem: string): readonly X509Certificate[] => {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length > maxChain) throw wrong(`${path} holds more than ${maxChain} certificates.`);
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw wrong(`${path} holds a certificate that cannot be read: ${messageOf(cause)}`, cause);
  }
};

const requireKey = (files: CertificateFiles, leaf: X509Certificate, pem: string): void => {
  let fits: boolean;
  try {
    fits = leaf.checkPrivateKey(createPrivateKey(pem));
  } catch (cause) {
    const locked = /ENCRYPTED/.test(pem);
    throw wrong(
      locked
        ? `The key in ${files.key} has a passphrase. Store it without one, readable by the console’s user alone.`
        : `${files.key} holds no private key (PEM).`,
      cause,
    );
  }
  if (fits) return;
  throw wrong(
    `The key in ${files.key} does not belong to the first certificate in ${files.certificate}. The server’s own certificate comes first, then the chain.`,
  );
};

/** An expired certificate is no reason not to start: sensors do not meet it, and they are not to go blind over it. */
const validityWarning = (leaf: X509Certificate, nowMs: number): readonly string[] => {
  const leftMs = leaf.validToDate.getTime() - nowMs;
  if (leftMs <= 0)
    return [
      `The web certificate expired on ${dateOf(leaf.validToDate)}: browsers refuse it. Renew it; it is taken up without a restart.`,
    ];
  if (leaf.validFromDate.getTime() > nowMs)
    return [
      `The web certificate is not valid before ${leaf.validFromDate.toISOString()}. Is this machine’s clock right?`,
    ];
  if (leftMs > warnBeforeMs) return [];
  const days = Math.floor(leftMs / dayMs);
  const when = days === 0 ? 'today' : `in ${days} ${days === 1 ? 'day' : 'days'}`;
  return [`The web certificate expires ${when}, on ${dateOf(leaf.validToDate)}.`];
};

const missingNames = (leaf: X509Certificate, names: readonly string[]): readonly string[] => {
  const missing = names.map((name) => name.replace(/^\[|\]$/g, '')).filter((name) => !certifies(leaf, name));
  return missing.length === 0
    ? []
    : [`The web certificate does not name ${missing.join(', ')}, under which people are to come.`];
};

/** Browsers complete some chains by themselves, programs do not. */
const chainWarnings = (path: string, chain: readonly X509Certificate[], nowMs: number): readonly string[] => {
  for (const [index, certificate] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer === undefined) break;
    if (!certificate.checkIssued(issuer) || !certificate.verify(issuer.publicKey))
      return [
        `In ${path}, certificate ${index + 2} did not issue certificate ${index + 1}: the chain is in the wrong order or holds strangers.`,
      ];
    if (issuer.validToDate.getTime() <= nowMs)
      return [`In ${path}, certificate ${index + 2} of the chain has expired.`];
  }
  const [leaf] = chain;
  const standsAlone = chain.length === 1 && leaf !== undefined && leaf.subject !== leaf.issuer;
  return standsAlone
    ? [
        `${path} holds the server’s certificate alone. Unless clients trust its issuer directly, add the intermediate certificates after it.`,
      ]
    : [];
};

const readPem = async (path: string): Promise<string> => {
  const read = await readFileBounded(path, maxPemBytes);
  if (!read.ok) throw wrong(`${path} could not be read: ${read.error.message}`);
  return read.value.toString('utf8');
};

const dateOf = (date: Date): string => date.toISOString().slice(0, 10);

const wrong = (message: string, cause?: unknown): AppError => new AppError('tls-certificate', 500, message, { cause });
