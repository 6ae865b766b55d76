import type { Http2SecureServer } from 'node:http2';
import { type Authority, createAuthority } from '../authority/authority.ts';
import { listHostNames } from '../authority/host-names.ts';
import { createWebCertificate, type WebCertificate } from '../authority/web-certificate.ts';
import { createTlsServer, setCertificate } from '../http/tls-server.ts';
import type { Platform } from './platform.ts';

export type Certificates = {
  readonly authority: Authority;
  /** The TLS server for people, with its certificate; not listening. */
  readonly webServer: Http2SecureServer;
};

const renewEveryMs = 3_600_000;

/** The authority of sensors and the certificate of the web, which is renewed while the console runs. */
export const openCertificates = async (platform: Platform, stack: AsyncDisposableStack): Promise<Certificates> => {
  const { config, folder, clock } = platform;
  const authority = await createAuthority({ keysDir: folder.keysDir, keyFile: config.keyFile, clock });
  const certificate = await createWebCertificate({
    ...{ authority, clock, keysDir: folder.keysDir, files: config.tls },
    names: () => listHostNames(config.publicUrls.map((url) => new URL(url).hostname)),
  });
  const webServer = createTlsServer(certificate.current());
  stack.use(keepFresh(certificate, webServer, platform));
  return { authority, webServer };
};

/** Takes up a certificate that people replaced, and renews our own before it ends. */
const keepFresh = (certificate: WebCertificate, server: Http2SecureServer, { log }: Platform): Disposable => {
  const refresh = async (): Promise<void> => {
    if (!(await certificate.refresh())) return;
    setCertificate(server, certificate.current());
    log.info({}, 'web certificate renewed');
  };
  const timer = setInterval(() => {
    refresh().catch((error: unknown) => log.error({ error: String(error) }, 'web certificate could not be renewed'));
  }, renewEveryMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
};
