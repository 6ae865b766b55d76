import { createHash, type X509Certificate } from 'node:crypto';
import { backdateMs } from '../authority/certificates.ts';
import { readRestoredFrom } from '../backup/after-restore.ts';
import type { Database } from '../database/database.ts';
import type { CertificateStanding } from './certificate-standing.ts';

/**
 * A certificate that our authority signed but that is in no table was issued after the backup that this console was restored
 * from. A sensor that exchanged its certificate in that time is known and goes on; nothing else is taken: certificates of
 * another time are forgeries with a stolen key, and a host that enrolled in that time has no place here yet.
 */
export const recogniseCertificate = async (
  db: Database,
  serial: string,
  certificate: X509Certificate,
): Promise<CertificateStanding> => {
  const restored = await readRestoredFrom(db);
  if (restored === undefined) return { state: 'unknown' };
  const issuedAt = certificate.validFromDate.getTime() + backdateMs;
  // Certificates count in whole seconds.
  if (issuedAt + 1000 < Date.parse(restored.takenAt) || issuedAt > Date.parse(restored.restoredAt))
    return { state: 'unknown' };
  const hostId = /^CN=([0-9a-f-]{36})$/.exec(certificate.subject)?.[1];
  const host =
    hostId === undefined
      ? undefined
      : await db.selectFrom('sensors').select('presence').where('host_id', '=', hostId).executeTakeFirst();
  if (hostId === undefined || host === undefined) return { state: 'unknown', message: enrolledLater };
  if (host.presence === 'revoked') return { state: 'revoked', hostId };
  const publicKey = certificate.publicKey.export({ type: 'spki', format: 'der' });
  await db
    .insertInto('sensor_certificates')
    .values({
      serial,
      host_id: hostId,
      key_fingerprint: createHash('sha256').update(publicKey).digest('hex'),
      issued_at: new Date(issuedAt),
      not_after: certificate.validToDate,
    })
    .onConflict((conflict) => conflict.column('serial').doNothing())
    .execute();
  return { state: 'usable', hostId };
};

const enrolledLater =
  'This host was enrolled after the backup that the console was restored from. Enrol it anew: the console shows the command under Sensors, Add a host.';
