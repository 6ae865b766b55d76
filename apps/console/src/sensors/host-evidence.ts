import type { HostEvidence } from '@parapet/contract/wire';
import { storableText } from '@parapet/core';

/** A host as it was known when its sensor enrolled. */
export type KnownHost = {
  readonly hostId: string;
  readonly hostname: string;
  readonly machineId: string | null;
  readonly dmiUuid: string | null;
  readonly cloudInstanceId: string | null;
  readonly lastSeenAtMs: number;
};

/**
 * Evidence that tells machines apart. Values that images and vendors ship unchanged (all zeros, all ones, words) are dropped:
 * they would make strangers one host.
 */
export const usableEvidence = (evidence: HostEvidence): HostEvidence => ({
  hostname: storableText(evidence.hostname),
  ...keep('machineId', evidence.machineId),
  ...keep('dmiUuid', evidence.dmiUuid),
  ...keep('cloudInstanceId', evidence.cloudInstanceId),
});

/**
 * Whether the evidence is of that host. The cloud's instance id decides where both have one; then a different mainboard
 * means another machine whatever it copied; then the machine id. A same mainboard with another machine id is a machine that
 * was installed anew, which is another host.
 */
export const isSameHost = (known: KnownHost, evidence: HostEvidence): boolean => {
  const cloud = compare(known.cloudInstanceId, evidence.cloudInstanceId);
  if (cloud !== undefined) return cloud;
  if (compare(known.dmiUuid, evidence.dmiUuid) === false) return false;
  return compare(known.machineId, evidence.machineId) === true;
};

const keep = <K extends 'machineId' | 'dmiUuid' | 'cloudInstanceId'>(
  name: K,
  value: string | undefined,
): { readonly [P in K]?: string } => {
  const text = value?.trim().toLowerCase() ?? '';
  if (!distinctive.test(text)) return {};
  return { [name]: text } as { readonly [P in K]?: string };
};

/** At least 8 characters of which not all are the same, and some digit. */
const distinctive = /^(?!(.)(?:\1|-)*$)(?=.*\d)[\x21-\x7e]{8,}$/;

const compare = (known: string | null, offered: string | undefined): boolean | undefined =>
  known === null || offered === undefined ? undefined : known === offered;
