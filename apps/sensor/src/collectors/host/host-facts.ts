import { statSync } from 'node:fs';
import { arch, availableParallelism, cpus, hostname, networkInterfaces, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { HostEvidence, HostRecord } from '@parapet/contract/wire';
import { normaliseAddress } from '@parapet/core';
import { readSmall } from '../../proc/read-small.ts';
import { findPackageDatabases } from '../package-databases.ts';
import type { CloudFacts } from './cloud-metadata.ts';
import { parseOsRelease } from './os-release.ts';

/** What of the host does not change while it runs. */
export type FixedHostFacts = Pick<HostRecord, 'os' | 'kernel' | 'architecture' | 'cpu' | 'memoryBytes'>;

export const readFixedHostFacts = (rootPath: string): FixedHostFacts => {
  const osRelease =
    readSmall(join(rootPath, 'etc/os-release'), 64 * 1024, 'utf8') ??
    readSmall(join(rootPath, 'usr/lib/os-release'), 64 * 1024, 'utf8');
  return {
    os: parseOsRelease(osRelease?.text ?? ''),
    kernel: release().slice(0, 1024),
    architecture: arch() === 'x64' ? 'x86_64' : arch() === 'arm64' ? 'aarch64' : arch(),
    cpu: { model: (cpus()[0]?.model ?? '').trim().slice(0, 1024), count: availableParallelism() },
    memoryBytes: totalmem(),
  };
};

/** The host's own addresses; those of containers' interfaces belong to the containers. */
export const readAddresses = (): HostRecord['addresses'] =>
  Object.entries(networkInterfaces())
    .flatMap(([device, infos]) =>
      (infos ?? []).flatMap((info) => {
        const address = normaliseAddress(info.address);
        const prefixLength = Number(info.cidr?.split('/')[1]);
        if (address === undefined || !Number.isInteger(prefixLength)) return [];
        return [{ address, prefixLength, device: device.slice(0, 1024) }];
      }),
    )
    .sort((left, right) => `${left.device} ${left.address}`.localeCompare(`${right.device} ${right.address}`))
    .slice(0, 512);

export const readHostPackageDatabases = (rootPath: string): HostRecord['packageDatabases'] => [
  ...findPackageDatabases(rootPath),
];

/**
 * When this machine was first started, in milliseconds: its id is written then, and images of machines come without one
 * (machine-id(5)). One that came with an image is older than the machine, which is no false word: it may have been there before.
 */
export const readFirstStart = (rootPath: string, bootedAt: number): number | undefined => {
  const file = statSync(join(rootPath, 'etc/machine-id'), { throwIfNoEntry: false });
  if (file === undefined || file.size === 0 || file.mtimeMs < 0) return undefined;
  return Math.min(Math.floor(file.mtimeMs), bootedAt);
};

/** By what the console finds this host again. Values that many machines share (zeros, placeholders) are left out. */
export const readHostEvidence = (rootPath: string, cloud: CloudFacts | undefined): HostEvidence => {
  const machineId = readSmall(join(rootPath, 'etc/machine-id'))?.text.trim().toLowerCase();
  const dmiUuid = readSmall(join(rootPath, 'sys/class/dmi/id/product_uuid'))?.text.trim().toLowerCase();
  return {
    hostname: hostname().slice(0, 1024) || 'localhost',
    ...(machineId !== undefined && /^[0-9a-f]{32}$/.test(machineId) && !isPlaceholder(machineId) ? { machineId } : {}),
    ...(dmiUuid !== undefined && /^[0-9a-f-]{36}$/.test(dmiUuid) && !isPlaceholder(dmiUuid) ? { dmiUuid } : {}),
    ...(cloud?.instanceId === undefined || cloud.provider === undefined
      ? {}
      : { cloudInstanceId: `${cloud.provider}:${cloud.instanceId}`.slice(0, 256) }),
  };
};

/** Vendors ship boards with all digits alike, or with a fixed example. */
const isPlaceholder = (id: string): boolean =>
  new Set(id.replaceAll('-', '')).size < 4 || id === '03000200-0400-0500-0006-000700080009';
