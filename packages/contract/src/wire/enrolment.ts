import { z } from 'zod';

/** The one HTTP route of the sensor's TLS server that needs no client certificate. */
export const enrolmentPath = '/sensor/v1/enrol';
export const sensorChannelPath = '/sensor/v1/channel';

/** Things by which a host is found again. Each may be missing. */
export const HostEvidence = z.object({
  hostname: z.string().min(1).max(1024),
  machineId: z.string().max(128).optional(),
  dmiUuid: z.string().max(128).optional(),
  cloudInstanceId: z.string().max(256).optional(),
});
export type HostEvidence = z.infer<typeof HostEvidence>;

export const EnrolmentRequest = z.object({
  key: z.string().min(16).max(256),
  certificateRequestPem: z.string().min(1).max(8192),
  sensorVersion: z.string().max(64),
  evidence: HostEvidence,
  /** The certificate the sensor had before, when it still has it, signed over by proof of the old key. */
  previous: z
    .object({
      certificatePem: z.string().max(16_384),
      /** Base64 ECDSA-SHA256 signature by the old key over the DER of the new certificate request. */
      proof: z.string().max(1024),
    })
    .optional(),
});
export type EnrolmentRequest = z.infer<typeof EnrolmentRequest>;

export const EnrolmentAnswer = z.object({
  hostId: z.uuid(),
  certificatePem: z.string(),
  authorityPem: z.string(),
  /** `new`: first seen. `same`: known by its old key. `taken-over`: known by evidence while its old sensor was silent. `clone`: that one still lives, so this is a host of its own. */
  outcome: z.enum(['new', 'same', 'taken-over', 'clone']),
});
export type EnrolmentAnswer = z.infer<typeof EnrolmentAnswer>;

export const EnrolmentError = z.object({
  code: z.enum(['key-unknown', 'key-expired', 'key-revoked', 'key-used-up', 'malformed', 'rate', 'unavailable']),
  message: z.string(),
});
