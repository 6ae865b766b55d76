import 'reflect-metadata';
import { createHash, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as unknown as Crypto);

/** A certificate with its private key, both PEM. The certificate may be followed by its issuers. */
export type Credentials = { readonly certificatePem: string; readonly privateKeyPem: string };

/** Whether a certificate is good for a host name or an address. */
export const certifies = (certificate: X509Certificate, name: string): boolean =>
  (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;

export type Signer = { readonly certificate: x509.X509Certificate; readonly privateKey: CryptoKey };

/** Clocks of hosts differ: certificates are valid from an hour before they are made. */
export const backdateMs = 3_600_000;
const dayMs = 86_400_000;
/** Longer than any of its products lives; replacing it means enrolling all sensors anew. */
const authorityDays = 3650;

/** Makes a self-signed certificate authority. */
export const createAuthorityCredentials = async (nowMs: number): Promise<Credentials> => {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: `CN=Parapet authority ${randomBytes(4).toString('hex')}`,
    keys,
    notBefore: new Date(nowMs - backdateMs),
    notAfter: new Date(nowMs + authorityDays * dayMs),
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: withNewline(certificate.toString('pem')), privateKeyPem: await exportKey(keys.privateKey) };
};

/** Reads credentials as a signer. Throws when the key does not belong to the certificate or it is no authority. */
export const loadSigner = async (credentials: Credentials): Promise<Signer> => {
  const parsed = new X509Certificate(credentials.certificatePem);
  if (!parsed.ca) throw new Error('The certificate is not one of a certificate authority.');
  const certificate = new x509.X509Certificate(parsed.raw);
  const der = x509.PemConverter.decodeFirst(credentials.privateKeyPem);
  const privateKey = await webcrypto.subtle.importKey('pkcs8', der, keyAlgorithm, true, ['sign']);
  const probe = randomBytes(32);
  const signature = await webcrypto.subtle.sign(signingAlgorithm, privateKey, probe);
  const publicKey = await certificate.publicKey.export(keyAlgorithm, ['verify'], webcrypto as unknown as Crypto);
  if (!(await webcrypto.subtle.verify(signingAlgorithm, publicKey, signature, probe))) {
    throw new Error('The private key does not belong to the certificate.');
  }
  return { certificate, privateKey: privateKey as CryptoKey };
};

/** Makes a server certificate for names and addresses, followed by its authority's. */
export const issueServerCredentials = async (
  signer: Signer,
  names: readonly string[],
  options: { readonly nowMs: number; readonly days: number },
): Promise<Credentials> => {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    ...(await issued(signer, keys.publicKey, options)),
    subject: [{ CN: [(names[0] ?? 'parapet').slice(0, 64)] }],
    extensions: [
      ...(await leafExtensions(signer, keys.publicKey, x509.ExtendedKeyUsage.serverAuth)),
      new x509.SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name })),
      ),
    ],
  });
  const chain = withNewline(certificate.toString('pem')) + withNewline(signer.certificate.toString('pem'));
  return { certificatePem: chain, privateKeyPem: await exportKey(keys.privateKey) };
};

export type ClientCertificate = {
  readonly pem: string;
  /** Lower-case hex. */
  readonly serial: string;
  readonly keyFingerprint: string;
  readonly issuedAt: Date;
  readonly notAfter: Date;
};

export type CertificateRequest = {
  readonly der: Buffer;
  readonly publicKey: x509.PublicKey;
  readonly keyFingerprint: string;
};

/** Reads a PKCS #10 request. `undefined` when it is malformed, not signed by its own key, or its key is not ECDSA P-256. Whatever names it asks for are ignored. */
export const readCertificateRequest = async (pem: string): Promise<CertificateRequest | undefined> => {
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    const algorithm = request.publicKey.algorithm as { name?: string; namedCurve?: string };
    if (algorithm.name !== 'ECDSA' || algorithm.namedCurve !== 'P-256') return undefined;
    if (!(await request.verify())) return undefined;
    return {
      der: Buffer.from(request.rawData),
      publicKey: request.publicKey,
      keyFingerprint: sha256Hex(request.publicKey.rawData),
    };
  } catch {
    return undefined;
  }
};

/** Signs the certificate by which one host's sensor proves who it is: CN is the host's id. */
export const issueClientCertificate = async (
  signer: Signer,
  request: CertificateRequest,
  options: { readonly hostId: string; readonly nowMs: number; readonly days: number },
): Promise<ClientCertificate> => {
  const certificate = await x509.X509CertificateGenerator.create({
    ...(await issued(signer, request.publicKey, options)),
    subject: [{ CN: [options.hostId] }],
    extensions: await leafExtensions(signer, request.publicKey, x509.ExtendedKeyUsage.clientAuth),
  });
  return {
    pem: withNewline(certificate.toString('pem')),
    serial: normaliseSerial(certificate.serialNumber),
    keyFingerprint: request.keyFingerprint,
    issuedAt: new Date(options.nowMs),
    notAfter: certificate.notAfter,
  };
};

/** SHA-256 of a certificate's public key (SubjectPublicKeyInfo), hex: what a sensor is given to know the authority by. */
export const publicKeyPin = (signer: Signer): string => sha256Hex(signer.certificate.publicKey.rawData);

/** Serial numbers as compared and stored: lower-case hex without leading zeros. */
export const normaliseSerial = (serial: string): string => serial.toLowerCase().replace(/^0+(?=.)/, '');

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const;

const generateKeys = async (): Promise<webcrypto.CryptoKeyPair> =>
  (await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;

const exportKey = async (key: CryptoKey): Promise<string> => {
  const der = await webcrypto.subtle.exportKey('pkcs8', key as webcrypto.CryptoKey);
  return withNewline(x509.PemConverter.encode(der, 'PRIVATE KEY'));
};

/** 16 random bytes, positive and without a leading zero as DER demands. */
const newSerial = (): string => {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
};

const issued = async (
  signer: Signer,
  publicKey: x509.PublicKey | CryptoKey,
  options: { readonly nowMs: number; readonly days: number },
) => ({
  serialNumber: newSerial(),
  issuer: signer.certificate.subjectName,
  notBefore: new Date(options.nowMs - backdateMs),
  notAfter: new Date(options.nowMs + options.days * dayMs),
  signingKey: signer.privateKey,
  publicKey,
  signingAlgorithm,
});

const leafExtensions = async (
  signer: Signer,
  publicKey: x509.PublicKey | CryptoKey,
  usage: x509.ExtendedKeyUsage,
): Promise<x509.Extension[]> => [
  new x509.BasicConstraintsExtension(false, undefined, true),
  new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
  new x509.ExtendedKeyUsageExtension([usage]),
  await x509.SubjectKeyIdentifierExtension.create(publicKey),
  await x509.AuthorityKeyIdentifierExtension.create(signer.certificate.publicKey),
];

const sha256Hex = (data: ArrayBuffer): string => createHash('sha256').update(Buffer.from(data)).digest('hex');

const withNewline = (pem: string): string => (pem.endsWith('\n') ? pem : `${pem}\n`);
