import 'reflect-metadata';
import { createPrivateKey, sign, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A sensor's key with its certificate request, made as a sensor makes it. */
export type SensorIdentity = {
  readonly privateKeyPem: string;
  readonly certificateRequestPem: string;
  /** Proof that this key is held: its signature over another certificate request. */
  readonly prove: (certificateRequestPem: string) => string;
};

export const createSensorIdentity = async (): Promise<SensorIdentity> => {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    { name: 'CN=sensor', keys, signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' } },
    webcrypto as unknown as Crypto,
  );
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey as webcrypto.CryptoKey));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return {
    privateKeyPem: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificateRequestPem: request.toString('pem'),
    prove: (pem) =>
      sign('sha256', Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'), key).toString('base64'),
  };
};
