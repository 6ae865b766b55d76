import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { AppError, isInBlock, messageOf } from '@parapet/core';
import type { ProxyConfig } from '../config/config.ts';

/** Opens a TCP connection to `host:port`, through the proxy's CONNECT where one is configured. Rejects with a plain sentence. */
export const dialTcp = async (
  target: { readonly host: string; readonly port: number },
  options: { readonly proxy: ProxyConfig | undefined; readonly timeoutMs: number },
): Promise<Socket> => {
  const { proxy } = options;
  if (proxy === undefined || isExcepted(target.host, proxy.except))
    return open(target.host, target.port, options.timeoutMs);
  const proxyPort = proxy.url.port === '' ? 80 : Number(proxy.url.port);
  const socket = await open(bareHost(proxy.url.hostname), proxyPort, options.timeoutMs).catch((error: unknown) => {
    throw new AppError('proxy', 502, `The proxy ${proxy.url.host} of HTTPS_PROXY does not answer: ${messageOf(error)}`);
  });
  try {
    await askForTunnel(socket, target, proxy.url, options.timeoutMs);
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return socket;
};

/** IPv6 addresses stand in brackets in a URL. */
export const bareHost = (host: string): string => host.replace(/^\[|\]$/g, '');

const open = (host: string, port: number, timeoutMs: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connectTcp({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000 });
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)), timeoutMs);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
  });

const proxyAnswerBytes = 16 * 1024;

const askForTunnel = (
  socket: Socket,
  target: { readonly host: string; readonly port: number },
  proxy: URL,
  timeoutMs: number,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const refuse = (why: string): void =>
      reject(new AppError('proxy', 502, `The proxy ${proxy.host} of HTTPS_PROXY does not let us through: ${why}`));
    const authority = target.host.includes(':') ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`;
    const timer = setTimeout(() => refuse(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
    let answer = Buffer.alloc(0);
    const done = (): void => {
      clearTimeout(timer);
      socket.removeAllListeners('data');
      socket.removeAllListeners('error');
      socket.removeAllListeners('close');
      socket.pause();
    };
    socket.on('data', (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
      const end = answer.indexOf('\r\n\r\n');
      if (end === -1) {
        if (answer.length > proxyAnswerBytes) refuse('its answer is too long.');
        return;
      }
      done();
      const status = answer.subarray(0, Math.max(0, answer.indexOf('\r\n'))).toString('latin1');
      if (!/^HTTP\/1\.[01] 2\d\d( |$)/.test(status)) return refuse(explainStatus(status, authority, proxy));
      if (answer.length > end + 4) socket.unshift(answer.subarray(end + 4));
      resolve();
    });
    socket.on('error', (error) => refuse(error.message));
    socket.on('close', () => refuse('it closed the connection.'));
    socket.write(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${proxyAuthorization(proxy)}\r\n`);
  });

/** What a person can do about it; the credentials themselves are never repeated. */
const explainStatus = (status: string, authority: string, proxy: URL): string => {
  const said = `it answered "${status.slice(0, 100)}".`;
  switch (/^HTTP\/1\.[01] (\d{3})/.exec(status)?.[1]) {
    case '407':
      return proxy.username === ''
        ? `${said} It wants a name and a password: HTTPS_PROXY=http://NAME:PASSWORD@${proxy.host}, with special characters as %XX.`
        : `${said} It does not accept the name and password in HTTPS_PROXY.`;
    case '403':
    case '405':
      return `${said} It must allow CONNECT to ${authority}.`;
    case '502':
    case '503':
    case '504':
      return `${said} It cannot reach ${authority} itself.`;
  }
  return said;
};

const proxyAuthorization = (proxy: URL): string => {
  if (proxy.username === '') return '';
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return `Proxy-Authorization: Basic ${Buffer.from(credentials).toString('base64')}\r\n`;
};

/** `NO_PROXY` as curl reads it: `*`, names with their subdomains, addresses, CIDR blocks. */
const isExcepted = (host: string, except: readonly string[]): boolean => {
  const name = host.toLowerCase();
  if (name === 'localhost' || name === '::1' || name.startsWith('127.')) return true;
  return except.some((entry) => {
    if (entry === '*') return true;
    if (entry.includes('/')) return isInBlock(name, entry);
    const suffix = entry.replace(/^\*?\./, '');
    // Only names have others below them: 10.0.0 does not stand for 10.0.0.1.
    return name === suffix || (isIP(name) === 0 && name.endsWith(`.${suffix}`));
  });
};
