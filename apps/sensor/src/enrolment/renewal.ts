import { X509Certificate } from 'node:crypto';
import type { Identity } from '../state/state-files.ts';
import { createKeyAndRequest } from './certificate-request.ts';
import { checkCertificate } from './enrol.ts';

/** The exchange of the certificate, over the connection it made, once two thirds of its life are over. */
export type Renewal = {
  /** The request to send now, if it is time and none is under way. */
  readonly request: (nowMs: number) => string | undefined;
  /** Takes the answer; rejects when it does not fit what was asked. */
  readonly accept: (certificatePem: string) => Promise<void>;
};

/** A lost answer is asked for again after this time. */
const retryMs = 3_600_000;

export const createRenewal = (deps: {
  readonly identity: () => Identity;
  readonly save: (identity: Identity) => Promise<void>;
}): Renewal => {
  let pending: { readonly keyPem: string; readonly askedAt: number } | undefined;
  return {
    request: (nowMs) => {
      if (nowMs < renewFrom(deps.identity().certificatePem)) return undefined;
      if (pending !== undefined && nowMs - pending.askedAt < retryMs) return undefined;
      const made = createKeyAndRequest('parapet sensor');
      pending = { keyPem: made.keyPem, askedAt: nowMs };
      return made.requestPem;
    },
    accept: async (certificatePem) => {
      if (pending === undefined) return;
      const identity = deps.identity();
      checkCertificate(certificatePem, identity.authorityPem, pending.keyPem);
      const renewed = { ...identity, keyPem: pending.keyPem, certificatePem };
      await deps.save(renewed);
      pending = undefined;
    },
  };
};

/** When two thirds of a certificate's life are over, in milliseconds since the Unix epoch. */
export const renewFrom = (certificatePem: string): number => {
  const certificate = new X509Certificate(certificatePem);
  const from = certificate.validFromDate.getTime();
  return from + ((certificate.validToDate.getTime() - from) * 2) / 3;
};
