import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type DockerAddress, seesHost } from '../../config/config.ts';

/**
 * Whether Docker’s socket may be missing because there is no Docker: not where somebody named the socket, where Docker keeps its
 * files, or where the folder of the socket is one of our own container and not the host’s.
 */
export const hasNoDocker = (
  address: DockerAddress,
  host: { readonly rootPath: string; readonly isContainer: boolean },
): boolean => {
  if (address.kind !== 'socket' || address.isNamed) return false;
  if (!seesHost(host)) return false;
  return (
    !existsSync(join(host.rootPath, dataFolder)) &&
    !existsSync(address.path) &&
    // A mount that leaves out what is mounted below it shows an empty folder.
    holdsAnything(dirname(address.path))
  );
};

const dataFolder = 'var/lib/docker';

const holdsAnything = (folder: string): boolean => {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    return false;
  }
};
