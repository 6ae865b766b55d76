import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

export type KeyAndRequest = {
  readonly keyPem: string;
  readonly requestPem: string;
  /** DER of the request, over which the old key proves itself. */
  readonly requestDer: Buffer;
};

/** Makes a P-256 key, which never leaves this host, and a PKCS#10 request for it (RFC 2986). */
export const createKeyAndRequest = (commonName: string): KeyAndRequest => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const requestDer = createRequest(commonName, privateKey, publicKey);
  return {
    keyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    requestPem: toPem('CERTIFICATE REQUEST', requestDer),
    requestDer,
  };
};

/** SHA-256 of a public key in its SubjectPublicKeyInfo form: what pins compare. */
export const keyPin = (key: KeyObject): Buffer =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest();

const tags = { integer: 0x02, bitString: 0x03, utf8: 0x0c, sequence: 0x30, set: 0x31, attributes: 0xa0 } as const;
const commonNameOid = Buffer.from('0603550403', 'hex');
const ecdsaWithSha256Oid = Buffer.from('06082a8648ce3d040302', 'hex');

const createRequest = (commonName: string, privateKey: KeyObject, publicKey: KeyObject): Buffer => {
  const attribute = der(tags.sequence, commonNameOid, der(tags.utf8, Buffer.from(commonName, 'utf8')));
  const info = der(
    tags.sequence,
    der(tags.integer, Buffer.from([0])),
    der(tags.sequence, der(tags.set, attribute)),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(tags.attributes),
  );
  const signature = sign('sha256', info, privateKey);
  return der(
    tags.sequence,
    info,
    der(tags.sequence, ecdsaWithSha256Oid),
    der(tags.bitString, Buffer.from([0]), signature),
  );
};

const der = (tag: number, ...parts: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), derLength(content.length), content]);
};

const derLength = (length: number): Buffer => {
  if (length < 0x80) return Buffer.from([length]);
  const bytes = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  return Buffer.from([0x80 | bytes.length, ...bytes]);
};

const toPem = (label: string, content: Buffer): string =>
  `-----BEGIN ${label}-----\n${(content.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ${label}-----\n`;
