import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto';
import { connect as connectTls, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { sensorServerName } from '@parapet/contract/wire';
import { AppError, type Clock } from '@parapet/core';
import type { ProxyConfig } from '../config/config.ts';
import { bareHost, dialTcp } from './tcp-dialer.ts';

export type DialOptions = { readonly proxy: ProxyConfig | undefined; readonly timeoutMs: number };

/** Connects with this host's certificate to a console whose certificate our authority issued. */
export const dialWithIdentity = async (
  consoleUrl: string,
  identity: { readonly authorityPem: string; readonly keyPem: string; readonly certificatePem: string },
  options: DialOptions,
): Promise<TLSSocket> =>
  handshake(consoleUrl, options, {
    ca: [identity.authorityPem],
    key: identity.keyPem,
    cert: identity.certificatePem,
  });

/**
 * Connects to a console of which only the pin of its authority is known. The connection is handed out, and anything said on
 * it, only after the presented chain was found to lead to a certificate with just that public key.
 */
export const dialWithPin = async (
  consoleUrl: string,
  pin: Buffer,
  options: DialOptions & { readonly clock: Clock },
): Promise<{ readonly socket: TLSSocket; readonly authorityPem: string }> => {
  // The chain is checked by us below: the authority is not known before the console presents it.
  const socket = await handshake(consoleUrl, options, { rejectUnauthorized: false });
  try {
    return { socket, authorityPem: verifyPinnedChain(socket.getPeerCertificate(true), pin, options.clock.now()) };
  } catch (error) {
    socket.destroy();
    throw error;
  }
};

/** The authority's certificate as PEM; throws an `AppError` with code `wrong-pin` or `bad-chain`. */
export const verifyPinnedChain = (leaf: DetailedPeerCertificate, pin: Buffer, nowMs: number): string => {
  const server = new X509Certificate(leaf.raw);
  const authority = chainOf(leaf)
    .slice(1)
    .map((certificate) => new X509Certificate(certificate.raw))
    .find((certificate) => timingSafeEqual(pinOf(certificate), pin));
  if (authority === undefined) {
    throw new AppError(
      'wrong-pin',
      400,
      'The console’s authority is not the one that was pinned; nothing was sent to it. Compare the address and the pin with what the console shows (Sensors, Add a host).',
    );
  }
  const refuse = (why: string): never => {
    throw new AppError('bad-chain', 400, `The console’s certificate cannot be trusted: ${why}.`);
  };
  if (!authority.ca) refuse('what issued it is no authority');
  if (!server.checkIssued(authority) || !server.verify(authority.publicKey)) refuse('the authority did not sign it');
  if (server.checkHost(sensorServerName) === undefined) refuse(`it is not for ${sensorServerName}`);
  for (const certificate of [server, authority]) {
    if (nowMs < certificate.validFromDate.getTime()) refuse('it is not valid yet; is this host’s clock right?');
    if (nowMs > certificate.validToDate.getTime()) refuse('it has expired; is this host’s clock right?');
  }
  return authority.toString();
};

const pinOf = (certificate: X509Certificate): Buffer =>
  createHash('sha256')
    .update(certificate.publicKey.export({ type: 'spki', format: 'der' }))
    .digest();

const maxChain = 8;

const chainOf = (leaf: DetailedPeerCertificate): readonly DetailedPeerCertificate[] => {
  const chain: DetailedPeerCertificate[] = [];
  let current: DetailedPeerCertificate | undefined = leaf;
  while (current?.raw !== undefined && chain.length < maxChain && !chain.includes(current)) {
    chain.push(current);
    // A self-signed certificate names itself as its issuer.
    current = current.issuerCertificate;
  }
  return chain;
};

const handshake = async (
  consoleUrl: string,
  options: DialOptions,
  secure: { ca?: string[]; key?: string; cert?: string; rejectUnauthorized?: boolean },
): Promise<TLSSocket> => {
  const url = new URL(consoleUrl);
  const target = { host: bareHost(url.hostname), port: url.port === '' ? 443 : Number(url.port) };
  const tcp = await dialTcp(target, options);
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: tcp,
      servername: sensorServerName,
      minVersion: 'TLSv1.3',
      ALPNProtocols: ['http/1.1'],
      ...secure,
    });
    const timer = setTimeout(() => {
      socket.destroy(new Error(`no TLS handshake within ${options.timeoutMs / 1000} s`));
    }, options.timeoutMs);
    socket.once('secureConnect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      tcp.destroy();
      reject(error);
    });
  });
};
