import type { AddressInfo, Server } from 'node:net';
import { AppError, messageOf } from '@parapet/core';

/** Listens and returns the port. Throws AppError with a sentence that says what to do. */
export const listen = async (server: Server, host: string, port: number): Promise<number> => {
  try {
    return await tryListen(server, host, port);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // All addresses, on a kernel without IPv6.
    if (host === '::' && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')) return listen(server, '0.0.0.0', port);
    throw explain(code, error, host, port);
  }
};

const tryListen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: false, backlog: 1_024 }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });

const explain = (code: unknown, error: unknown, host: string, port: number): AppError => {
  if (code === 'EADDRINUSE')
    return new AppError(
      'port-busy',
      500,
      `Port ${port} is used by another program. Stop it, or choose another port with --port.`,
    );
  if (code === 'EACCES')
    return new AppError(
      'port-denied',
      500,
      `This user may not listen on port ${port}. Choose one above 1023 with --port.`,
    );
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new AppError('host-wrong', 500, `This machine has no address ${host}. Choose another with --host.`);
  return new AppError('listen', 500, `The console cannot listen on ${host}, port ${port}: ${messageOf(error)}.`);
};
