import { isIP } from 'node:net';
import type { Sbom } from '@parapet/contract';
import { createApiClient, type UploadedScan } from '@parapet/contract/api';
import { AppError, readFileBounded } from '@parapet/core';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { programCall, tokenSettings } from '../settings.ts';

/** As the command line has them. */
export type UploadFlags = {
  readonly upload?: string;
  readonly tokenFile?: string;
  readonly tlsCa?: string;
  readonly label: readonly string[];
};

/** Where a scan goes, read and checked before anything is scanned. */
export type UploadTarget = {
  readonly consoleUrl: string;
  readonly token: string;
  /** PEM of whom to trust beside the system's authorities. */
  readonly authorities: string | undefined;
  readonly labels: readonly string[];
};

const maxTokenBytes = 4096;
const maxAuthorityBytes = 256 * 1024;
/** Storing and matching 100,000 packages takes a while. */
const answerMs = 5 * 60_000;

/** Undefined without `--upload`. Throws AppError `usage`. */
export const readUploadTarget = async (flags: UploadFlags): Promise<UploadTarget | undefined> => {
  if (flags.upload === undefined) {
    if (flags.tokenFile !== undefined || flags.tlsCa !== undefined || flags.label.length > 0)
      throw usage('--token-file, --tls-ca and --label belong to --upload URL.');
    return undefined;
  }
  const settings = tokenSettings();
  const caFile = flags.tlsCa ?? settings.authorityFile;
  return {
    consoleUrl: consoleUrlOf(flags.upload),
    token: await tokenOf(flags.tokenFile ?? settings.tokenFile, settings.token),
    authorities: caFile === undefined ? undefined : await textOf(caFile, maxAuthorityBytes),
    labels: flags.label.map(labelOf),
  };
};

/**
 * Sends a scan to a console, through the proxy that HTTPS_PROXY names. Throws AppError with what to do. The token goes nowhere
 * but to the named console: redirects are not followed.
 */
export const uploadScan = async (sbom: Sbom, target: UploadTarget, signal: AbortSignal): Promise<UploadedScan> => {
  const tls = target.authorities === undefined ? {} : { ca: target.authorities };
  const dispatcher = new EnvHttpProxyAgent({
    connect: tls,
    requestTls: tls,
    headersTimeout: answerMs,
    bodyTimeout: answerMs,
  });
  let failure: unknown;
  const client = createApiClient({
    baseUrl: target.consoleUrl,
    headers: { authorization: `Bearer ${target.token}` },
    fetch: async (url, init) => {
      try {
        // The same interface as Node's own, which cannot be given authorities or a proxy.
        const answer = await fetch(String(url), { ...(init as object), redirect: 'error', dispatcher });
        return answer as unknown as Response;
      } catch (error) {
        failure = error;
        throw error;
      }
    },
  });
  try {
    const query = target.labels.length === 0 ? {} : { labels: [...target.labels] };
    return await client.call('scans.upload', { query, stream: JSON.stringify(sbom), signal });
  } catch (error) {
    signal.throwIfAborted();
    throw new AppError('upload', 400, `The scan was not uploaded: ${whyNot(error, failure)}`, { cause: error });
  } finally {
    await dispatcher.destroy();
  }
};

/** What a person can do about it. */
const whyNot = (error: unknown, failure: unknown): string => {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  const said = error instanceof Error ? error.message : String(error);
  if (status === 401) return `the console does not know the token. Make one in Settings, API tokens.`;
  if (status === 403) return `${said} The token needs the permission scans:write.`;
  if (status === 404) return 'there is no console of this version at the address.';
  if (status !== 0) return said;
  const cause = failure instanceof Error ? (failure.cause ?? failure) : failure;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const reason = cause instanceof Error ? cause.message : String(cause);
  const isUntrusted = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code);
  return isUntrusted
    ? `the console’s certificate is not trusted (${reason}). Name its authority with --tls-ca FILE; ${programCall().here} authority prints that of a console on its machine.`
    : `the console does not answer (${reason}).`;
};

const consoleUrlOf = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal =
    url !== undefined &&
    (url.hostname === 'localhost' || (isIP(url.hostname) === 4 && url.hostname.startsWith('127.')));
  if (url === undefined || !(url.protocol === 'https:' || (url.protocol === 'http:' && isLocal)))
    throw usage('--upload takes the address of a console, e.g. https://parapet.example:8443.');
  if (url.username !== '' || url.search !== '' || url.hash !== '')
    throw usage(
      '--upload takes the address alone. The token comes from PARAPET_TOKEN or a file, so that no list of processes shows it.',
    );
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
};

const tokenOf = async (file: string | undefined, given: string | undefined): Promise<string> => {
  const token = (file === undefined ? (given ?? '') : await textOf(file, maxTokenBytes)).trim();
  if (token === '')
    throw usage(
      '--upload needs a token of the console with scans:write: in PARAPET_TOKEN, or in a file named by --token-file.',
    );
  if (!/^[\x21-\x7e]+$/.test(token)) throw usage('The token holds characters that no token has.');
  return token;
};

const labelOf = (text: string): string => {
  if (!/^[^=,]+=[^,]+$/.test(text)) throw usage(`--label takes name=value without commas; “${text}” is none.`);
  return text;
};

const textOf = async (path: string, maxBytes: number): Promise<string> => {
  const read = await readFileBounded(path, maxBytes);
  if (!read.ok) throw usage(`${path}: ${read.error.message}`);
  return read.value.toString('utf8');
};

const usage = (message: string): AppError => new AppError('usage', 400, message);
