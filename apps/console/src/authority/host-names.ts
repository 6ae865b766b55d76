import { hostname, networkInterfaces } from 'node:os';
import { classifyAddress, normaliseAddress } from '@parapet/core';

/** The names and addresses under which this machine is reached, best first: what was configured, the host name, addresses, localhost. */
export const listHostNames = (configured: readonly string[] = []): readonly string[] => {
  const addresses = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .map((entry) => normaliseAddress(entry.address))
    .filter((address) => address !== undefined)
    .filter((address) => ['internet', 'private'].includes(classifyAddress(address) ?? ''))
    .sort((a, b) => Number(a.includes(':')) - Number(b.includes(':')));
  const names = [...configured.map(bareName), hostname(), ...addresses, 'localhost', '127.0.0.1', '::1'];
  return [...new Set(names)].filter((name) => isCertifiable(name)).slice(0, maxNames);
};

/** Enough for any machine; a host with thousands of addresses would make a certificate no client reads. */
const maxNames = 128;

const bareName = (name: string): string => normaliseAddress(name.replace(/^\[|\]$/g, '')) ?? name;

const isCertifiable = (name: string): boolean =>
  normaliseAddress(name) !== undefined
    ? classifyAddress(name) !== 'unspecified'
    : /^(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_-]{1,63})*$/.test(name);
