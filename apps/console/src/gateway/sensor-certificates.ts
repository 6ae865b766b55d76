import type { X509Certificate } from 'node:crypto';
import type { Clock } from '@parapet/core';
import type { Authority } from '../authority/authority.ts';
import { readCertificateRequest } from '../authority/certificates.ts';
import type { Database } from '../database/database.ts';
import type { CertificateStanding } from './certificate-standing.ts';
import { recogniseCertificate } from './recognise-certificate.ts';

export type SensorCertificates = {
  /** Asked of the store on every connection, so that a revocation counts at once everywhere. */
  readonly standing: (serial: string, certificate: X509Certificate) => Promise<CertificateStanding>;
  /**
   * A connection was made with it: what it replaced is revoked now and not earlier, since an answer may be lost. False when
   * it was itself revoked since the connection began.
   */
  readonly used: (hostId: string, serial: string) => Promise<boolean>;
  /** Signs a new key of a host; the old certificate stays valid until the new one is used. `undefined` for a malformed request. */
  readonly renew: (hostId: string, requestPem: string) => Promise<string | undefined>;
};

export const createSensorCertificates = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly authority: Authority;
}): SensorCertificates => ({
  standing: async (serial, certificate) => {
    const row = await deps.db
      .selectFrom('sensor_certificates as c')
      .innerJoin('sensors as s', 's.host_id', 'c.host_id')
      .select(['c.host_id', 'c.revoked_at', 's.presence'])
      .where('c.serial', '=', serial)
      .executeTakeFirst();
    if (row === undefined) return recogniseCertificate(deps.db, serial, certificate);
    const revoked = row.revoked_at !== null || row.presence === 'revoked';
    return { state: revoked ? 'revoked' : 'usable', hostId: row.host_id };
  },
  used: async (hostId, serial) => {
    const known = await deps.db
      .selectFrom('sensor_certificates as c')
      .innerJoin('sensors as s', 's.host_id', 'c.host_id')
      .select(['c.used_at', 's.certificate_serial'])
      .where('c.serial', '=', serial)
      .where('c.revoked_at', 'is', null)
      .executeTakeFirst();
    if (known === undefined) return false;
    // Used before, to its end: a fleet that comes back after an outage writes nothing here.
    if (known.used_at !== null && known.certificate_serial === serial) return true;
    const now = new Date(deps.clock.now());
    const current = await deps.db
      .updateTable('sensor_certificates')
      .set((eb) => ({ used_at: eb.fn.coalesce('used_at', eb.val(now)) }))
      .where('serial', '=', serial)
      .where('revoked_at', 'is', null)
      .returning('issued_at')
      .executeTakeFirst();
    if (current === undefined) return false;
    await deps.db
      .updateTable('sensor_certificates')
      .set({ revoked_at: now, revoked_reason: 'renewed' })
      .where('host_id', '=', hostId)
      .where('serial', '!=', serial)
      .where('issued_at', '<', current.issued_at)
      .where('revoked_at', 'is', null)
      .execute();
    await deps.db.updateTable('sensors').set({ certificate_serial: serial }).where('host_id', '=', hostId).execute();
    return true;
  },
  renew: async (hostId, requestPem) => {
    const request = await readCertificateRequest(requestPem);
    if (request === undefined) return undefined;
    const certificate = await deps.authority.signSensor(request, hostId);
    await deps.db
      .insertInto('sensor_certificates')
      .values({
        serial: certificate.serial,
        host_id: hostId,
        key_fingerprint: certificate.keyFingerprint,
        issued_at: certificate.issuedAt,
        not_after: certificate.notAfter,
      })
      .execute();
    return certificate.pem;
  },
});
