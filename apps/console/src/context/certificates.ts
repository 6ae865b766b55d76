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
  readonly webCertificate: Pick<WebCertificate, 'state'>;
};

/** Own certificates last a year; given ones are replaced by programs such as certbot, by rename or by changing a link. */
const lookEveryMs = { own: 3_600_000, given: 15_000 };

/** The authority of sensors and the certificate of the web, which is renewed while the console runs. */
export const openCertificates = async (platform: Platform, stack: AsyncDisposableStack): Promise<Certificates> => {
  const { config, folder, clock } = platform;
  const authority = await createAuthority({ keysDir: folder.keysDir, keyFile: config.keyFile, clock });
  const publicNames = config.publicUrls.map((url) => new URL(url).hostname);
  const certificate = await createWebCertificate({
    ...{ authority, clock, keysDir: folder.keysDir, files: config.tls, publicNames },
    names: () => listHostNames(publicNames),
  });
  for (const warning of certificate.state().warnings) platform.log.warn({}, warning);
  const webServer = createTlsServer(certificate.current());
  stack.use(keepFresh(certificate, webServer, platform));
  return { authority, webServer, webCertificate: certificate };
};

/** Takes up a certificate that people replaced, and renews our own before it ends. New connections get it, open ones stay. */
const keepFresh = (certificate: WebCertificate, server: Http2SecureServer, { log }: Platform): Disposable => {
  let told = certificate.state().warnings.join('\n');
  const refresh = async (): Promise<void> => {
    const changed = await certificate.refresh();
    const { warnings, expiresAt, source } = certificate.state();
    if (changed) {
      setCertificate(server, certificate.current());
      log.info({ expiresAt: expiresAt.toISOString() }, 'web certificate renewed');
    }
    if (warnings.join('\n') !== told) for (const warning of warnings) log.warn({ source }, warning);
    told = warnings.join('\n');
  };
  const timer = setInterval(() => {
    refresh().catch((error: unknown) => log.error({ error: String(error) }, 'web certificate could not be renewed'));
  }, lookEveryMs[certificate.state().source]);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
};
